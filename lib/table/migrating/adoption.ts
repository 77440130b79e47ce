import { randomBytes } from 'node:crypto';
import { Table, TableColumn, TableIndex } from 'typeorm';
import type { EntityMetadata, QueryRunner } from 'typeorm';
import { SessionEntityError } from '../../session.errors.js';
import { widenColumn } from '../databases/databases.js';
import { adoptedTable, type SessionAdoption } from '../entity/adopted-tables.js';
import { metadataOf } from '../entity/entity-metadata.js';
import { adoptedEntity } from '../entity/session.entity.js';
import { dataSourceOf, type Work } from './work.js';

/** Rows that are given their new values by one statement. */
const ROWS = 200;
/** How long a session lives whose table did not say: as long as any may in all, by default. */
const UNKNOWN_MS = 30 * 86_400_000;

/** What the table of another store lacks. Its entity is registered, because its rows are changed, too. */
export function adoption(adopt: SessionAdoption): Work {
  const entity = adoptedEntity({ ...adopt, extended: true });
  const given = new Set(Object.keys(adoptedTable(adopt).columns));

  const look = async (runner: QueryRunner) => {
    const dataSource = dataSourceOf(runner);
    const metadata = metadataOf(dataSource, entity);
    const table = await runner.getTable(metadata.tablePath);
    if (!table) throw new SessionEntityError(`There is no table "${metadata.tablePath}" to adopt. Name it in \`adopt.tableName\`.`);
    if (!metadata.findColumnWithPropertyPath('handle')) {
      throw new SessionEntityError(
        `The entity of the table "${metadata.tablePath}" is registered without the columns that the migration adds. ` +
          'Register it with `extended: true`, in the option `adopt` or in `defineSessionEntity({ adopt, extended: true })`.',
      );
    }
    const path = metadata.tablePath.split('.').map((name) => dataSource.driver.escape(name));
    const added = Table.create(metadata, dataSource.driver).columns.filter(({ name }) => {
      const column = metadata.findColumnWithDatabaseName(name);
      return column !== undefined && !given.has(column.propertyName);
    });
    return { dataSource, metadata, table, added, path: path.join('.') };
  };
  /** By the naming strategy, so that they are found again. */
  const indexesOf = ({ dataSource, metadata, table }: Awaited<ReturnType<typeof look>>): TableIndex[] =>
    (['handle', 'userId', 'expiresAt'] as const).map((property) => {
      const columnNames = [metadata.findColumnWithPropertyPath(property)!.databaseName];
      const name = dataSource.namingStrategy.indexName(table, columnNames);
      return new TableIndex({ name, columnNames, isUnique: property === 'handle' });
    });

  return {
    async up(runner) {
      const found = await look(runner);
      const { dataSource, metadata, table, added, path } = found;
      const known = new Set(table.columns.map(({ name }) => name));
      for (const column of added) {
        if (known.has(column.name)) continue;
        const type = dataSource.driver.createFullType(new TableColumn(column));
        await runner.query(`ALTER TABLE ${path} ADD ${dataSource.driver.escape(column.name)} ${type}`);
      }
      const id = metadata.findColumnWithPropertyPath('id')!;
      const { length = '' } = table.findColumnByName(id.databaseName) ?? {};
      if (Number(length) > 0 && Number(length) < Number(id.length)) await widenColumn(runner, path, id.databaseName, Number(id.length));
      await fill(runner, metadata, given);
      const indexed = new Set(table.indices.map(({ columnNames }) => columnNames[0]));
      for (const index of indexesOf(found)) if (!indexed.has(index.columnNames[0])) await runner.createIndex(table, index);
    },
    async down(runner) {
      const found = await look(runner);
      const { dataSource, table, added, path } = found;
      const names = new Set(indexesOf(found).map(({ name }) => name));
      for (const index of table.indices.filter(({ name }) => names.has(name))) await runner.dropIndex(table, index);
      const known = new Set(table.columns.map(({ name }) => name));
      for (const { name } of added) {
        if (known.has(name)) await runner.query(`ALTER TABLE ${path} DROP COLUMN ${dataSource.driver.escape(name)}`);
      }
    },
  };
}

/** Gives the rows that are there a handle, so that they can be listed and ended, and lets their absolute end count from now. */
async function fill(runner: QueryRunner, metadata: EntityMetadata, given: ReadonlySet<string>): Promise<void> {
  const { manager } = runner;
  const { driver } = dataSourceOf(runner);
  const column = (property: string) => driver.escape(metadata.findColumnWithPropertyPath(property)!.databaseName);
  const now = Date.now();
  const values = { version: 1, createdAt: now, lastSeenAt: now, expiresAt: now + UNKNOWN_MS };
  const added = Object.fromEntries(Object.entries(values).filter(([property]) => !given.has(property)));
  for (;;) {
    const query = manager
      .createQueryBuilder()
      .select(column('id'), 'id')
      .from(metadata.target, 's')
      .where(`${column('handle')} IS NULL`);
    const ids = (await query.limit(ROWS).getRawMany<{ id: string }>()).map(({ id }) => id);
    if (ids.length === 0) return;
    const parameters = Object.fromEntries(ids.flatMap((id, row) => [[`id${row}`, id] as const, [`handle${row}`, newHandle(now)] as const]));
    const handles = `CASE ${column('id')} ${ids.map((_, row) => `WHEN :id${row} THEN :handle${row}`).join(' ')} END`;
    await manager
      .createQueryBuilder()
      .update(metadata.target)
      .set({ ...added, handle: () => handles })
      .where(`${column('id')} IN (:...ids)`)
      .setParameters({ ...parameters, ids })
      .execute();
  }
}

/** As the store makes them: the time first, by which lists are sorted, and 80 random bits. */
const newHandle = (now: number): string => now.toString(16).padStart(12, '0') + randomBytes(10).toString('hex');
