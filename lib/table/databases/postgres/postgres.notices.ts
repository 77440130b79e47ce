import type { Duplex } from 'node:stream';
import type { DataSource } from 'typeorm';
import type { DatabaseNotices, Listening } from '../../sql/dialect.js';
import { bounded, hasMethods } from '../../sql/transport.js';

type Done = (error?: unknown) => void;

/** A connection of the `pg` driver, as far as it is used here. */
interface Client {
  connect(done: Done): void;
  query(text: string, done: Done): void;
  end(done: Done): void;
  on(event: 'error' | 'end', listener: Done): void;
  on(event: 'notification', listener: (message: { readonly payload?: string }) => void): void;
  /** Not that of `pg-native`. */
  unref?(): void;
  readonly connection?: { readonly stream?: Duplex & { setKeepAlive?(isOn: boolean, delayMs: number): unknown } };
}

/** What a pool makes its connections of. */
interface Pool {
  readonly Client: new (options: object) => Client;
  readonly options: object;
}

/** How long a connection may be silent before its socket is tried: what lies in between may forget it. */
const KEEP_ALIVE_MS = 30_000;

/** LISTEN and NOTIFY, on a connection of the pool's own kind, but not of the pool: that would wait for it when it ends. */
export const postgresNotices: DatabaseNotices = {
  tell: 'SELECT pg_notify($1, $2)',
  canListen: (dataSource) => poolOf(dataSource) !== undefined,
  listen(dataSource, channel, onNotice): Listening {
    const { Client, options } = poolOf(dataSource)!;
    const client = new Client(options);
    const ended = new Promise<unknown>((resolve) => {
      client.on('error', resolve);
      client.on('end', () => resolve(new Error('The connection was ended.')));
    });
    client.on('notification', ({ payload = '' }) => onNotice(payload));
    const listen = async (): Promise<void> => {
      await called((done) => client.connect(done));
      // It keeps no process alive.
      client.unref?.();
      client.connection?.stream?.setKeepAlive?.(true, KEEP_ALIVE_MS);
      await called((done) => client.query(`LISTEN "${channel}"`, done));
    };
    const end = (timeoutMs: number): Promise<void> =>
      bounded(client.connection?.stream, timeoutMs, () => called((done) => client.end(done))).catch(() => undefined);
    return { begun: listen(), ended, end };
  },
};

/** The pool of `pg`, and no other that resembles it. */
function poolOf({ driver }: DataSource): Pool | undefined {
  const { master } = driver as { master?: Partial<Pool> };
  const isOfPg = hasMethods(master?.Client?.prototype as object | undefined, 'connect', 'query', 'end', 'on');
  return isOfPg && master?.options ? (master as Pool) : undefined;
}

function called(work: (done: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    work((error) => (error ? reject(error) : resolve()));
  });
}
