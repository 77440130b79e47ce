import type { DataSource, QueryRunner } from 'typeorm';

type Send = () => Promise<unknown>;
type Method = (...args: unknown[]) => unknown;
type Callback = (error: unknown, ...results: unknown[]) => void;

/** Puts itself between a data source and its database, on both ways that statements take; returns what ends that. */
export function interceptStatements(dataSource: DataSource, intercept: (sql: string, send: Send) => Promise<unknown>): () => void {
  const { createQueryRunner } = dataSource;
  const throughRunner =
    (query: Method) =>
    (sql: unknown, ...rest: unknown[]) => {
      return intercept(String(sql), async () => query(sql, ...rest));
    };
  dataSource.createQueryRunner = (mode) => withQuery(createQueryRunner.call(dataSource, mode), throughRunner) as QueryRunner;
  const { master } = dataSource.driver as { master?: { connect: Method } };
  const connect = master?.connect;
  if (master) {
    master.connect = (callback) =>
      connect!.call(master, (error: unknown, client: object | undefined, ...rest: unknown[]) => {
        (callback as Callback)(error, client && withQuery(client, throughPool(intercept)), ...rest);
      });
  }
  return () => {
    dataSource.createQueryRunner = createQueryRunner;
    if (master) master.connect = connect!;
  };
}

/** Prepared statements go to a connection of the pool, as objects with a callback; those of TypeORM are texts. */
const throughPool =
  (intercept: (sql: string, send: Send) => Promise<unknown>) =>
  (query: Method): Method =>
  (config, ...rest): unknown => {
    if (typeof config === 'string') return query(config, ...rest);
    const callback = rest[0] as Callback;
    const send = () =>
      new Promise((resolve, reject) => {
        query(config, (error: Error | null, result: unknown) => (error ? reject(error) : resolve(result)));
      });
    return intercept((config as { text: string }).text, send).then(
      (result) => callback(null, result),
      (error: unknown) => callback(error),
    );
  };

function withQuery(runner: object, replace: (query: Method) => Method): object {
  return new Proxy(runner, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      const method = value.bind(target) as Method;
      return property === 'query' ? replace(method) : method;
    },
  });
}
