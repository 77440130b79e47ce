import type { DataSource, QueryRunner } from 'typeorm';

type Send = () => Promise<unknown>;
type Query = (...args: unknown[]) => Promise<unknown>;

/** Puts itself between a data source and its database, on both ways that statements take; returns what ends that. */
export function interceptStatements(dataSource: DataSource, intercept: (sql: string, send: Send) => Promise<unknown>): () => void {
  const { createQueryRunner } = dataSource;
  dataSource.createQueryRunner = (mode) =>
    withQuery(createQueryRunner.call(dataSource, mode), (sql, send) => intercept(String(sql), send)) as QueryRunner;
  // Prepared statements go to a connection of the pool, as objects; TypeORM asks the same pool with a callback.
  const { master } = dataSource.driver as { master?: { connect: Query } };
  const connect = master?.connect;
  if (master) {
    master.connect = async (...args) => {
      if (args.length > 0) return connect!.apply(master, args);
      const client = (await connect!.call(master)) as object;
      return withQuery(client, (query, send) => intercept((query as { text: string }).text, send));
    };
  }
  return () => {
    dataSource.createQueryRunner = createQueryRunner;
    if (master) master.connect = connect!;
  };
}

function withQuery(runner: object, query: (sql: unknown, send: Send) => Promise<unknown>): object {
  return new Proxy(runner, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      const method = value.bind(target) as Query;
      return property === 'query' ? (...args: unknown[]) => query(args[0], () => method(...args)) : method;
    },
  });
}
