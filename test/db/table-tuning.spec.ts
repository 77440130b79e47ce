import { DataSource } from 'typeorm';
import { expect, it } from 'vitest';
import { ownDatabase } from '../../lib/table/data-source-lifecycle.js';
import { createSessionMigration } from '../../lib/table/session.migration.js';
import { describeEachDatabase, uniqueTableName } from '../support/databases.js';
import { ownSessionEntity } from '../support/table-open.js';

describeEachDatabase('A table that was just made', (database) => {
  const settings = async (dataSource: DataSource, tableName: string): Promise<unknown> => {
    if (database.name !== 'postgres') return 'none to make';
    const [row] = await dataSource.query<[{ reloptions: string[] | null }]>('SELECT reloptions FROM pg_class WHERE relname = $1', [
      tableName,
    ]);
    return row.reloptions;
  };
  const expected = database.name === 'postgres' ? ['fillfactor=75'] : 'none to make';

  it('by a migration leaves room on its pages, where the database asks for it', async () => {
    const entity = ownSessionEntity(database);
    const options = {
      ...database.options,
      entities: [entity],
      migrationsTableName: uniqueTableName(),
      migrations: [createSessionMigration({ entity })],
    };
    const dataSource = await new DataSource(options).initialize();
    await dataSource.runMigrations();
    const found = await settings(dataSource, entity.options.tableName!);
    await dataSource.undoLastMigration();
    const runner = dataSource.createQueryRunner();
    await runner.dropTable(options.migrationsTableName, true);
    await runner.release();
    await dataSource.destroy();
    expect(found).toEqual(expected);
  });

  it('for a connection of our own does so, too, and keeps what an administrator has set since', async () => {
    const entity = ownSessionEntity(database);
    const first = ownDatabase(database.options, entity);
    await first.open();
    expect(await settings(first.dataSource, entity.options.tableName!)).toEqual(expected);
    if (database.name === 'postgres') await first.dataSource.query(`ALTER TABLE "${entity.options.tableName}" SET (fillfactor = 90)`);
    await first.close();
    const second = ownDatabase(database.options, entity);
    await second.open();
    const found = await settings(second.dataSource, entity.options.tableName!);
    const runner = second.dataSource.createQueryRunner();
    await runner.dropTable(entity.options.tableName!, true);
    await runner.release();
    await second.close();
    expect(found).toEqual(database.name === 'postgres' ? ['fillfactor=90'] : expected);
  });
});
