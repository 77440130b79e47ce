import type { DataSource } from 'typeorm';
import { Barrier } from './barrier.js';
import { interceptStatements } from './intercept-statements.js';

/** Makes the next statement that begins like this wait at a barrier, before the database sees it. */
export function holdStatement(dataSource: DataSource, beginning: RegExp): Barrier {
  const barrier = new Barrier();
  const restore = interceptStatements(dataSource, async (sql, send) => {
    if (beginning.test(sql)) {
      restore();
      await barrier.wait();
    }
    return send();
  });
  return barrier;
}
