import { Column, Entity, EntitySchema, PrimaryGeneratedColumn } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { SessionEntityError } from '../../lib/session.errors.js';
import { defineSessionEntity, SessionEntity as DefaultEntity } from '../../lib/table/entity/session.entity.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { openTable, ownSessionEntity } from '../support/table-open.js';
import { newRow, NOW } from '../support/table-rows.js';

/** A talk of a conference, a training: what an application calls a session. */
function classesOf() {
  @Entity(uniqueTableName())
  class Session {
    @PrimaryGeneratedColumn()
    id!: number;
    @Column({ type: 'varchar', length: 100 })
    title!: string;
  }
  @Entity(uniqueTableName())
  class SessionEntity {
    @PrimaryGeneratedColumn()
    id!: number;
    @Column({ type: 'varchar', length: 100 })
    title!: string;
  }
  return [Session, SessionEntity] as const;
}

const schemasOf = () =>
  ['Session', 'SessionEntity'].map(
    (name) =>
      new EntitySchema<{ id: number; title: string }>({
        name,
        tableName: uniqueTableName(),
        columns: { id: { type: 'integer', primary: true, generated: true }, title: { type: 'varchar', length: 100 } },
      }),
  );

describeEachDatabase('A session entity', (database) => {
  const kinds = { classes: classesOf(), EntitySchemas: schemasOf() };

  describe.each(Object.entries(kinds))('beside %s named Session and SessionEntity', (_, [talk, training]) => {
    const others = [ownSessionEntity(database), ownSessionEntity(database)];
    // The default table is that of all tests.
    const more = { entityPrefix: `${uniqueTableName()}_` };
    // On both sides of them, because TypeORM takes the first of a name.
    const dataSource = useDataSource(database, [others[0]!, talk, DefaultEntity, training, others[1]!], more);
    const entities = [DefaultEntity, ...others];

    it('keeps its own rows, each in a table of its own, and leaves the others alone', async () => {
      await dataSource().getRepository(talk).insert({ title: 'a talk' });
      await dataSource().getRepository(training).insert({ title: 'a training' });
      for (const [index, entity] of entities.entries()) {
        const table = openTable(dataSource(), entity);
        const row = newRow('a', { data: `{"index":${index}}` });
        expect(await table.insert([row])).toEqual(['saved']);
        expect(await table.find(['a'], NOW)).toEqual([row]);
        expect(await table.count({ now: NOW })).toBe(1);
      }
      expect(await dataSource().getRepository(talk).find()).toMatchObject([{ title: 'a talk' }]);
      expect(await dataSource().getRepository(training).find()).toMatchObject([{ title: 'a training' }]);
    });

    it('needs no second synchronization', async () => {
      const { upQueries } = await dataSource().driver.createSchemaBuilder().log();
      expect(upQueries).toEqual([]);
    });
  });

  describe.each(['class', 'EntitySchema'])('that is not registered beside a %s of its name', (kind) => {
    const named = kind === 'class' ? classWithName(DefaultEntity.name) : schemasOf()[0]!;
    const dataSource = useDataSource(database, [named]);
    const missing = kind === 'class' ? DefaultEntity : defineSessionEntity({ name: 'Session', tableName: uniqueTableName() });

    it('is told, and is not taken for the other', () => {
      expect(() => openTable(dataSource(), missing).check()).toThrow(SessionEntityError);
      expect(() => openTable(dataSource(), missing).check()).toThrow(kind === 'class' ? /not registered/ : /two entities named "Session"/);
    });
  });

  describe('is named in messages as users know it:', () => {
    const web = ownSessionEntity(database);
    const dataSource = useDataSource(database, [DefaultEntity, web], { entityPrefix: `${uniqueTableName()}_` });
    const columns = { previousId: 'previousId' };
    const { tableName } = web.options;

    it('SessionEntity', () => {
      expect(() => openTable(dataSource(), DefaultEntity, { columns }).check()).toThrow(
        /`renewAfter` needs.*the entity "SessionEntity" has none/,
      );
    });

    it('what `defineSessionEntity` made', () => {
      const expected = `the entity \`defineSessionEntity({ tableName: '${tableName}' })\` has none`;
      expect(() => openTable(dataSource(), web, { columns }).check()).toThrow(expected);
      const missing = defineSessionEntity({ tableName: 'other' });
      expect(() => openTable(dataSource(), missing).check()).toThrow(
        /`defineSessionEntity\({ tableName: 'other' }\)` is not registered.*`entities`/,
      );
    });

    it('an adopted table', () => {
      const missing = defineSessionEntity({ adopt: 'typeorm-store' });
      expect(() => openTable(dataSource(), missing).check()).toThrow(/`defineSessionEntity\({ adopt: … }\)` is not registered.*`entities`/);
    });
  });

  it('has a name of its own for each table', () => {
    const definitions = [{}, { tableName: 'a_b' }, { schema: 'a', tableName: 'b' }, { tableName: 'a b' }, { tableName: 'a-b' }];
    const names = definitions.map((definition) => defineSessionEntity(definition).options.name);
    expect(new Set([...names, DefaultEntity.name, 'Session', 'SessionEntity']).size).toBe(definitions.length + 3);
    expect(defineSessionEntity({ tableName: 'a', name: 'Mine' }).options.name).toBe('Mine');
    class Mine extends DefaultEntity {}
    expect(Mine.name).toBe('Mine');
  });
});

function classWithName(name: string): new () => object {
  class Other {
    id!: number;
  }
  Object.defineProperty(Other, 'name', { value: name });
  PrimaryGeneratedColumn()(Other.prototype, 'id');
  Entity(uniqueTableName())(Other);
  return Other;
}
