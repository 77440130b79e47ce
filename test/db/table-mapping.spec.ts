import type { ColumnType, EntitySchemaColumnOptions } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { SessionEntityError } from '../../lib/session.errors.js';
import { SessionEntity } from '../../lib/table/entity/session.entity.js';
import { describeEachDatabase, useDataSource } from '../support/databases.js';
import { entityOf, variantOf } from '../support/table-entities.js';
import { openTable, ownSessionEntity } from '../support/table-open.js';
import { NOW } from '../support/table-rows.js';

const id: EntitySchemaColumnOptions = { type: 'varchar', length: 64, primary: true };
const data: EntitySchemaColumnOptions = { type: 'text' };
const TIME_FIELDS = ['expiresAt', 'createdAt', 'lastSeenAt', 'pruneAfter'] as const;

describeEachDatabase('An entity is refused', (database) => {
  const refusal = (message: string | RegExp) =>
    expect.objectContaining({
      name: 'SessionEntityError',
      code: 'SESSION_ENTITY',
      message: typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
    });

  describe('where the data source does not know it,', () => {
    const dataSource = useDataSource(database, [ownSessionEntity(database, { name: 'Other' })]);

    it.each([
      ['a class', SessionEntity, 'SessionEntity'],
      ['a schema', ownSessionEntity(database, { name: 'Unknown' }), 'Unknown'],
      ['a name', 'Nameless', 'Nameless'],
    ])('%s: by its name, with the remedy', async (_, entity, name) => {
      const table = openTable(dataSource(), entity);
      expect(() => table.check()).toThrow(SessionEntityError);
      await expect(table.find(['a'], NOW)).rejects.toEqual(refusal(`"${name}" is not registered`));
      await expect(table.fields()).rejects.toEqual(refusal('autoLoadEntities: true'));
    });
  });

  describe('where it lacks', () => {
    const entity = entityOf({ key: id, session: data, until: { type: 'bigint' } });
    const dataSource = useDataSource(database, [entity]);

    it.each([
      ['an id', { data: 'session' }, '"id" for the session\'s id'],
      ['data', { id: 'key' }, '"data" for the session\'s data'],
      ['a property that the option names', { id: 'key', data: 'session', expiresAt: 'expiry' }, '"expiry" for the session\'s expiresAt'],
      ['a property that has the name of a column', { id: 'key', data: 'session', handle: 'KEY' }, '"KEY" for the session\'s handle'],
    ])('%s: it says so and lists what there is', async (_, columns, message) => {
      const table = openTable(dataSource(), entity, { columns });
      await expect(table.find(['a'], NOW)).rejects.toEqual(refusal(message));
      await expect(table.find(['a'], NOW)).rejects.toEqual(refusal('key, session, until'));
    });
  });

  describe('where its id is not unique', () => {
    const number: EntitySchemaColumnOptions = { type: 'integer', primary: true, generated: 'increment' };
    const text: EntitySchemaColumnOptions = { type: 'varchar', length: 64 };
    const plain = entityOf({ number, id: text, data }, { name: 'Plain' });
    const indexed = entityOf({ number, id: text, data }, { name: 'Indexed', indices: [{ columns: ['id'] }] });
    const paired = entityOf({ id, data, tenant: { ...id, length: 32 } }, { name: 'Paired' });
    const uniques = [{ columns: ['id', 'tenant'] }];
    const pairedUnique = entityOf({ number, id: text, data, tenant: { type: 'varchar', length: 32 } }, { name: 'Unique', uniques });
    const dataSource = useDataSource(database, [plain, indexed, paired, pairedUnique]);

    it.each([
      ['at all', plain],
      ['but only indexed', indexed],
      ['but only half of the primary key', paired],
      ['but only together with another column', pairedUnique],
    ])('%s', (_, entity) => {
      expect(() => openTable(dataSource(), entity).check()).toThrow(refusal('unique: true'));
    });
  });

  describe('where its id is unique, it is not:', () => {
    const number: EntitySchemaColumnOptions = { type: 'integer', primary: true, generated: 'increment' };
    const text: EntitySchemaColumnOptions = { type: 'varchar', length: 64 };
    const column = entityOf({ number, id: { ...text, unique: true }, data }, { name: 'Column' });
    const uniques = [{ columns: ['id'] }];
    const constraint = entityOf({ number, id: text, data }, { name: 'Constraint', uniques });
    const indices = [{ columns: ['id'], unique: true }];
    const index = entityOf({ number, id: text, data }, { name: 'Index', indices });
    const dataSource = useDataSource(database, [column, constraint, index]);

    it.each([
      ['by its column', column],
      ['by a constraint', constraint],
      ['by an index', index],
    ])('%s', (_, entity) => {
      expect(() => openTable(dataSource(), entity).check()).not.toThrow();
    });
  });

  describe('where a time lies in a column of type', () => {
    const types: ColumnType[] = ['date', database.name === 'mariadb' ? 'tinyint' : 'boolean'];
    const cases = types.flatMap((type) => TIME_FIELDS.map((field) => ({ type, field })));
    const named = cases.map(({ type, field }) => {
      const entity = variantOf({ [field]: { type } });
      Object.assign(entity.options, { name: `${type.toString()} ${field}` });
      return { type, field, entity };
    });
    const dataSource = useDataSource(
      database,
      named.map(({ entity }) => entity),
    );

    it.each(named)('$type: $field', ({ field, entity }) => {
      expect(() => openTable(dataSource(), entity).check()).toThrow(refusal(`cannot hold the ${field}`));
    });
  });
});
