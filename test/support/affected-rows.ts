import type { DataSource } from 'typeorm';
import { onTestFinished } from 'vitest';
import { interceptStatements } from './intercept-statements.js';

/** What TypeORM's runners, `pg` and `mysql2` say of a statement. */
interface Result {
  readonly affected?: number;
  readonly rowCount?: number;
  readonly affectedRows?: number;
  readonly records?: readonly unknown[];
}

/** Counts, from now until the end of the test, the rows that UPDATE statements of a data source write. */
export function countUpdatedRows(dataSource: DataSource): { count: number } {
  const counter = { count: 0 };
  const restore = interceptStatements(dataSource, async (sql, send) => {
    const result = (await send()) as Result;
    if (/^(WITH .*)?UPDATE/i.test(sql))
      counter.count += result.affected ?? result.rowCount ?? result.affectedRows ?? result.records?.length ?? 0;
    return result;
  });
  onTestFinished(restore);
  return counter;
}
