import type { DataSource, QueryRunner } from 'typeorm';

/** The query runners that are made until they are asked for. */
export function recordRunners(dataSource: DataSource): () => QueryRunner[] {
  const runners: QueryRunner[] = [];
  const { createQueryRunner } = dataSource;
  dataSource.createQueryRunner = (mode) => {
    const runner = createQueryRunner.call(dataSource, mode);
    runners.push(runner);
    return runner;
  };
  return () => {
    dataSource.createQueryRunner = createQueryRunner;
    return runners;
  };
}

/** Ends the connection of a query runner on the server, as an administrator or a lost network does. */
export async function endConnection(runner: QueryRunner, dataSource: DataSource): Promise<void> {
  const isPostgres = dataSource.options.type === 'postgres';
  const [{ id }] = (await runner.query(`SELECT ${isPostgres ? 'pg_backend_pid()' : 'CONNECTION_ID()'} AS id`)) as [{ id: unknown }];
  await dataSource.query(isPostgres ? `SELECT pg_terminate_backend(${Number(id)})` : `KILL ${Number(id)}`);
}
