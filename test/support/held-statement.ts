import type { DataSource } from 'typeorm';
import { Barrier } from './barrier.js';

type Query = (sql: string, ...more: unknown[]) => Promise<unknown>;

/** Makes the next statement that begins like this wait at a barrier, before the database sees it. */
export function holdStatement(dataSource: DataSource, beginning: RegExp): Barrier {
  const barrier = new Barrier();
  const createQueryRunner = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = (mode) => {
    const runner = createQueryRunner(mode);
    const query = runner.query.bind(runner) as Query;
    const held: Query = async (sql, ...more) => {
      // SQLite has one runner for all.
      runner.query = query as typeof runner.query;
      if (beginning.test(sql)) {
        dataSource.createQueryRunner = createQueryRunner;
        await barrier.wait();
      }
      return query(sql, ...more);
    };
    runner.query = held as typeof runner.query;
    return runner;
  };
  return barrier;
}
