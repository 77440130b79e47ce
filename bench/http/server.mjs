// A Nest application with sessions of one store, in a process of its own.
import { statementsSent } from '../measure/statement-count.mjs';
import { answer } from '../measure/worker-calls.mjs';
import { storeOf } from '../stores/catalogue.mjs';
import { fillStore } from '../stores/fill-store.mjs';
import { startApp } from './app.mjs';
import { NO_SESSION } from './no-session.mjs';

const [name, database, url] = process.argv.slice(2);
let app;

answer({
  async open(parts) {
    app = await startApp(name === NO_SESSION.name ? undefined : storeOf(name), { database, url, store: name });
    if (app.handle) await fillStore(app.handle, parts);
  },
  port: () => app.port,
  cpuMicros() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  /** After a garbage collection, where the process was started with `--expose-gc`. */
  heapBytes() {
    for (let run = 0; run < 3; run++) globalThis.gc();
    return process.memoryUsage().heapUsed;
  },
  /** What has been sent since the first call. */
  statements: () => statementsSent(database),
  close: () => app.close(),
});
