import type { EntityMetadata, EntityTarget, ObjectLiteral, QueryRunner, Table, TableColumn, TableIndex, TableUnique } from 'typeorm';
import { SessionEntityError } from '../../session.errors.js';
import { nameOf } from '../entity/entity-name.js';
import { columnsBeyond, quoted, tableOf, type Work } from './work.js';

type Entity = EntityTarget<ObjectLiteral>;

/** What one entity has beyond another. */
interface Difference {
  /** The table as it is now; `undefined` where there is none. */
  readonly found: Table | undefined;
  readonly path: string;
  readonly columns: readonly TableColumn[];
  readonly indexes: readonly TableIndex[];
  readonly uniques: readonly TableUnique[];
}

/** What `entity` has and `from` lacks, in the table of both. Of that, what is there already is left alone. */
export const change = (entity: Entity, from: Entity): Work => ({
  async up(runner) {
    const { found, path, columns, indexes, uniques } = await differenceOf(runner, entity, from);
    if (!found) {
      throw new SessionEntityError(
        `There is no table "${path}" to add columns to. First run the migration that creates it: \`createSessionMigration({ entity })\` with the entity of \`from\`.`,
      );
    }
    const added = columns.filter(({ name }) => !found.findColumnByName(name));
    if (added.length > 0) await runner.addColumns(found, added);
    // A column that is unique has its index by now.
    const table = (await runner.getTable(path))!;
    for (const index of indexes) if (!indexLike(table, index) && !uniqueLike(table, index)) await runner.createIndex(table, index);
    for (const unique of uniques) if (!uniqueLike(table, unique)) await runner.createUniqueConstraint(table, unique);
  },
  async down(runner) {
    const { found, path, columns, indexes, uniques } = await differenceOf(runner, entity, from);
    if (!found) return;
    for (const index of indexes) {
      const same = indexLike(found, index);
      if (same) await runner.dropIndex(found, same);
    }
    for (const unique of uniques) {
      const same = uniqueLike(found, unique);
      if (same) await runner.dropUniqueConstraint(found, same);
    }
    const removed = columns.map(({ name }) => name).filter((name) => found.findColumnByName(name));
    // Of the columns as they are now, without the indexes that are gone.
    if (removed.length > 0) await runner.dropColumns((await runner.getTable(path))!, removed);
  },
});

async function differenceOf(runner: QueryRunner, entity: Entity, from: Entity): Promise<Difference> {
  const [now, before] = [await tableOf(runner, entity), await tableOf(runner, from)];
  const path = now.metadata.tablePath;
  if (path !== before.metadata.tablePath) {
    throw new SessionEntityError(
      `The table of the entity ${nameOf(entity)} is "${path}", and that of \`from\` is "${before.metadata.tablePath}". ` +
        'Name two entities of one table; if the table gets another name, rename it by a migration of your own.',
    );
  }
  const columns = columnsBeyond(now.table, before.table);
  const indexes = now.table.indices.filter((index) => !indexLike(before.table, index));
  const uniques = now.table.uniques.filter((unique) => !uniqueLike(before.table, unique));
  if (columns.length + indexes.length + uniques.length === 0) {
    throw new SessionEntityError(
      `The entity ${nameOf(entity)} has no column and no index that \`from\` lacks. Name in \`from\` the entity as it was before, as a copy if need be.`,
    );
  }
  assertFillable(columns, now.metadata);
  return { found: await runner.getTable(path), path, columns, indexes, uniques };
}

/** The rows that are there get no value; MySQL and MariaDB would make one up. */
function assertFillable(columns: readonly TableColumn[], metadata: EntityMetadata): void {
  const unfillable = columns.filter(({ isNullable, default: otherwise, isGenerated, generatedType, asExpression }) => {
    return !isNullable && (otherwise ?? undefined) === undefined && !isGenerated && !generatedType && !asExpression;
  });
  if (unfillable.length === 0) return;
  throw new SessionEntityError(
    `The column ${quoted(unfillable)} must have a value, and the rows that are in the table "${metadata.tablePath}" have none. ` +
      'Make it `nullable: true`, or give it a `default`.',
  );
}

const isLike = (one: readonly string[], other: readonly string[]): boolean => one.join() === other.join();

function indexLike({ indices }: Table, { columnNames, isUnique, where }: TableIndex): TableIndex | undefined {
  return indices.find((each) => isLike(each.columnNames, columnNames) && each.isUnique === isUnique && !each.where === !where);
}

function uniqueLike({ uniques }: Table, wanted: TableIndex | TableUnique): TableUnique | undefined {
  if ('isUnique' in wanted && !wanted.isUnique) return undefined;
  return uniques.find(({ columnNames }) => isLike(columnNames, wanted.columnNames));
}
