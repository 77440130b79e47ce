import type { EntityTarget, ObjectLiteral } from 'typeorm';
import { SessionEntityError } from '../../session.errors.js';
import { tuneTable } from '../databases/databases.js';
import { nameOf } from '../entity/entity-name.js';
import { columnsBeyond, quoted, tableOf, type Work } from './work.js';

/** A table of its own. One that is there with all its columns is left alone. */
export const creation = (entity: EntityTarget<ObjectLiteral>): Work => ({
  async up(runner) {
    const { metadata, table } = await tableOf(runner, entity);
    const found = (await runner.hasTable(metadata.tablePath)) ? await runner.getTable(metadata.tablePath) : undefined;
    const missing = found ? columnsBeyond(table, found) : [];
    if (missing.length > 0) {
      throw new SessionEntityError(
        `The table "${metadata.tablePath}" is there already, and has no column ${quoted(missing)}, which the entity ${nameOf(entity)} has. ` +
          'Name the entity it was made for in `from`, as in `createSessionMigration({ entity, from: SessionEntity })`, to add the columns.',
      );
    }
    await runner.createTable(table, true);
    await tuneTable(runner, metadata.tablePath);
  },
  async down(runner) {
    const { table } = await tableOf(runner, entity);
    await runner.dropTable(table, true);
  },
});
