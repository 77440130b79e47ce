import type { DataSource, QueryRunner } from 'typeorm';
import { onTestFinished } from 'vitest';

/** Counts, from now until the end of the test, the rows that UPDATE statements of a data source write. */
export function countUpdatedRows(dataSource: DataSource): { count: number } {
  const counter = { count: 0 };
  const original = dataSource.createQueryRunner;
  dataSource.createQueryRunner = (mode) => {
    const runner = original.call(dataSource, mode);
    return new Proxy(runner, {
      get(target, property) {
        const value: unknown = Reflect.get(target, property, target);
        if (property !== 'query') return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        return async (...args: Parameters<QueryRunner['query']>) => {
          const result: unknown = await target.query(...args);
          if (/^UPDATE/i.test(args[0])) counter.count += (result as { affected?: number }).affected ?? 0;
          return result;
        };
      },
    });
  };
  onTestFinished(() => void (dataSource.createQueryRunner = original));
  return counter;
}
