import { describe, expect, it } from 'vitest';
import { StatementCache } from '../../lib/table/sql/statement-cache.js';
import type { TableShape } from '../../lib/table/sql/dialect.js';

const shape = { dialect: {}, columns: {} } as unknown as TableShape;

describe('statements that are kept', () => {
  function start(reusable = true) {
    const cache = new StatementCache();
    let built = 0;
    const build = () => ({ sql: `SELECT ${++built}`, parameters: [], fields: [], reusable });
    return (values: object, own?: string) =>
      cache.forValues('page', values, own ? ({ ...shape, own: { metadata: { propertyPath: own } } } as TableShape) : shape, build).sql;
  }

  it('are those for the same kind of question, whatever is asked for', () => {
    const sqlOf = start();
    expect(sqlOf({ userId: 'ann', limit: 10 })).toBe('SELECT 1');
    expect(sqlOf({ userId: 'bob', after: undefined, limit: 10 })).toBe('SELECT 1');
  });

  it.each([
    ['a value more', { userId: 'ann', after: 'x', limit: 10 }],
    ['a value less', { limit: 10 }],
    ['NULL for a value', { userId: null, limit: 10 }],
    ['another limit', { userId: 'ann', limit: 11 }],
  ])('are not those for %s', (_, values) => {
    const sqlOf = start();
    sqlOf({ userId: 'ann', limit: 10 });
    expect(sqlOf(values)).toBe('SELECT 2');
  });

  it('are not those for another column of the application', () => {
    const sqlOf = start();
    sqlOf({ own: 'x', limit: 10 }, 'tenant');
    expect(sqlOf({ own: 'x', limit: 10 }, 'idpSid')).toBe('SELECT 2');
    expect(sqlOf({ own: 'y', limit: 10 }, 'tenant')).toBe('SELECT 1');
  });

  it('are not those with a value of the query builder in them', () => {
    const sqlOf = start(false);
    sqlOf({ limit: 10 });
    expect(sqlOf({ limit: 10 })).toBe('SELECT 2');
  });

  it('are a few, however many limits there are', () => {
    const sqlOf = start();
    for (let limit = 1; limit <= 65; limit++) sqlOf({ limit });
    expect(sqlOf({ limit: 65 })).toBe('SELECT 65');
    expect(sqlOf({ limit: 1 })).toBe('SELECT 66');
  });
});
