import { describe, expect, it } from 'vitest';
import { defineSessionEntity } from '../../lib/table/entity/session.entity.js';
import { SESSION_FIELDS } from '../../lib/table/session-row.js';
import { openTable } from '../support/table-open.js';
import { readEntities, UNCONNECTED } from '../support/table-unconnected.js';

const DANGEROUS = [
  'a"b',
  'a`b',
  "a'b",
  'a;b',
  'a\\b',
  'a/*b',
  'a)b',
  'a:b',
  'a?b',
  'a=b',
  'a%b',
  'a@b',
  'a\nb',
  'a\u0000b',
  '1a',
  ' a',
  '[a]',
];
const FINE = ['sessions', 'Sessions', 'my sessions', 'größe', 'セッション', '_sessions', 'a-b', 'a$1', 'select'];

describe.each(Object.entries(UNCONNECTED))('On %s', (_, options) => {
  const check = async (definition: Parameters<typeof defineSessionEntity>[0]) => {
    const entity = defineSessionEntity(definition);
    const dataSource = await readEntities(options, [entity]);
    return () => openTable(dataSource, entity).check();
  };

  it.each(DANGEROUS)('a table named %j is refused', async (tableName) => {
    expect(await check({ tableName })).toThrow(
      expect.objectContaining({ code: 'SESSION_ENTITY', message: expect.stringContaining(JSON.stringify(tableName)) }),
    );
  });

  it.each(DANGEROUS)('a column named %j is refused, whatever its field', async (name) => {
    for (const field of SESSION_FIELDS) {
      expect(await check({ columns: { [field]: name }, renewal: true })).toThrow(
        expect.objectContaining({ code: 'SESSION_ENTITY', message: expect.stringContaining(JSON.stringify(name)) }),
      );
    }
  });

  it.each(FINE)('a table or column named %j is taken', async (name) => {
    expect(await check({ tableName: name, columns: { data: name } })).not.toThrow();
  });
});

describe('On PostgreSQL', () => {
  it('a schema with a dangerous name is refused', async () => {
    const entity = defineSessionEntity({ schema: 'a"b' });
    const dataSource = await readEntities(UNCONNECTED.postgres, [entity]);
    expect(() => openTable(dataSource, entity).check()).toThrow(/"a\\"b" is not accepted/);
  });
});
