// A process that prunes, or one that reads live sessions and takes the time; and the handle by which another one holds it.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startApp } from '../../test/cluster/support/app.mjs';

const SELF = fileURLToPath(import.meta.url);
const READERS = 8;
const PAUSE_MS = 10;

export class PruneProcess {
  constructor(child) {
    this.child = child;
  }

  static async start(config) {
    const child = fork(SELF, [JSON.stringify(config)]);
    await once(child, 'message');
    return new PruneProcess(child);
  }

  /** Resolves to what the process answers; rejects with what it throws. */
  async call(method) {
    this.child.send(method);
    const [{ value, error }] = await once(this.child, 'message');
    if (error) throw new Error(error);
    return value;
  }

  /** Reads as long as the work goes on; times in ms. */
  async readWhile(work) {
    await this.call('read');
    const started = performance.now();
    await work();
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    return { ...(await this.call('stop')), seconds };
  }

  async close() {
    this.child.disconnect();
    await once(this.child, 'exit');
  }
}

class Reader {
  times = [];
  failed = 0;
  isReading = false;

  constructor(store, { live, every }) {
    Object.assign(this, { store, live, every });
  }

  read() {
    Object.assign(this, { times: [], failed: 0, isReading: true });
    this.running = Promise.all(Array.from({ length: READERS }, () => this.readOn()));
  }

  async readOn() {
    while (this.isReading) {
      const number = this.every * (1 + Math.floor(Math.random() * this.live));
      const started = performance.now();
      const data = await this.store.get(`session-${number}`).catch(() => undefined);
      this.times.push(performance.now() - started);
      if (!data) this.failed++;
      await setTimeout(PAUSE_MS * Math.random());
    }
  }

  async stop() {
    this.isReading = false;
    await this.running;
    const sorted = this.times.toSorted((left, right) => left - right);
    const at = (share) => Number(sorted[Math.floor((sorted.length - 1) * share)].toFixed(2));
    return { reads: sorted.length, failed: this.failed, p50: at(0.5), p99: at(0.99), most: at(1) };
  }
}

if (process.argv[1] === SELF) {
  const config = JSON.parse(process.argv[2]);
  const app = await startApp(config.options, { operationTimeout: 30_000 });
  const reader = new Reader(app.store, config);
  const methods = { prune: () => app.store.prune(), read: () => reader.read(), stop: () => reader.stop() };
  const answer = async (method) => {
    try {
      process.send({ value: await methods[method]() });
    } catch (error) {
      process.send({ error: `${error.message} ${error.cause?.message}` });
    }
  };
  process.on('message', (method) => void answer(method));
  process.on('disconnect', () => process.exit());
  process.send('ready');
}
