import type { DataSource, QueryRunner } from 'typeorm';

type Send = () => Promise<unknown>;
type Query = (...args: unknown[]) => Promise<unknown>;

/** Puts itself between a data source and its database, on both ways that statements take; returns what ends that. */
export function interceptStatements(dataSource: DataSource, intercept: (sql: string, send: Send) => Promise<unknown>): () => void {
  const { createQueryRunner } = dataSource;
  dataSource.createQueryRunner = (mode) =>
    withQuery(createQueryRunner.call(dataSource, mode), (sql, send) => intercept(String(sql), send)) as QueryRunner;
  const { master } = dataSource.driver as { master?: { query: Query } };
  const poolQuery = master?.query;
  if (master) {
    // Statements of ours go to the pool as objects with a name; the query runner asks a connection of its own.
    master.query = (...args) => intercept((args[0] as { text: string }).text, () => poolQuery!.apply(master, args));
  }
  return () => {
    dataSource.createQueryRunner = createQueryRunner;
    if (master) master.query = poolQuery!;
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
