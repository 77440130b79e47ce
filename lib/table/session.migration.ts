import type { EntityTarget, MigrationInterface, ObjectLiteral, QueryRunner } from 'typeorm';
import { SessionOptionsError } from '../session.errors.js';
import { checkArguments } from './checking/arguments.js';
import { anEntity, anObjectOf, either, type Rules } from './checking/rules.js';
import { aStore, checkAdoption, type AdoptedStore, type SessionAdoption } from './entity/adopted-tables.js';
import { SessionEntity } from './entity/session.entity.js';
import { adoption } from './migrating/adoption.js';
import { change } from './migrating/change.js';
import { creation } from './migrating/creation.js';

/**
 * What `createSessionMigration` makes a table for.
 *
 * @publicApi
 */
export interface SessionMigrationOptions {
  /** The entity of the table. It need not be registered, if a later migration has replaced it. @default SessionEntity */
  entity?: EntityTarget<ObjectLiteral>;
  /**
   * The entity as it was before a change: a class, an EntitySchema, or what `defineSessionEntity` returned. The migration then adds the
   * columns and indexes that `entity` has and `from` lacks, and takes them back in `down`; the rows stay. @default a table is made
   */
  from?: EntityTarget<ObjectLiteral>;
  /**
   * The store whose table gets the columns and indexes that it lacks, instead of a new table. Its entity is registered with
   * `extended: true`. @default a table is made
   */
  adopt?: AdoptedStore | SessionAdoption;
  /**
   * Name of the migration, ending in 13 digits, by which TypeORM orders it. @default `CreateSessions1767225600000`, with `from`
   * `ChangeSessions1767225600001`, with `adopt` `AdoptSessions1767225600000`
   */
  name?: string;
}

const RULES: Rules<keyof SessionMigrationOptions> = {
  entity: anEntity,
  from: anEntity,
  adopt: either(aStore, anObjectOf('store, tableName, schema, columns, extended')),
  name: [(value) => typeof value === 'string', 'a string that ends in 13 digits'],
};

/**
 * A TypeORM migration class that creates the session table with its indexes, adds the new columns and indexes of a changed entity, or
 * extends the table of another store. `down` takes back what `up` did. Export it from a file that the data source's `migrations`
 * finds. Throws `SessionOptionsError` for a wrong option, if the name has no timestamp, or if `adopt` is set beside `entity` or `from`. The migration itself
 * fails with `SessionEntityError` if the table is there without a column of the entity, and `from` is not set.
 *
 * @publicApi
 */
export function createSessionMigration(options: SessionMigrationOptions = {}): new () => MigrationInterface {
  checkArguments('createSessionMigration', options, RULES);
  const { entity = SessionEntity, from } = options;
  const adopt = typeof options.adopt === 'string' ? { store: options.adopt } : options.adopt;
  if (adopt) checkAdoption('createSessionMigration', adopt);
  const { name = adopt ? 'AdoptSessions1767225600000' : from ? 'ChangeSessions1767225600001' : 'CreateSessions1767225600000' } = options;
  if (!/^\w*\d{13}$/.test(name)) {
    throw new SessionOptionsError(
      `The migration name "${name}" does not end in a timestamp of 13 digits. Append one, as in "CreateSessions1767225600000".`,
    );
  }
  const told = adopt && (['entity', 'from'] as const).find((option) => options[option]);
  if (told)
    throw new SessionOptionsError(`\`${told}\` and \`adopt\` are both set. Keep one: a table of your own, or that of another store.`);
  const work = adopt ? adoption(adopt) : from ? change(entity, from) : creation(entity);
  return class implements MigrationInterface {
    readonly name = name;

    up(queryRunner: QueryRunner): Promise<void> {
      return work.up(queryRunner);
    }

    down(queryRunner: QueryRunner): Promise<void> {
      return work.down(queryRunner);
    }
  };
}
