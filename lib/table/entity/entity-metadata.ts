import { DataSource, getMetadataArgsStorage } from 'typeorm';
import type { EntityMetadata, EntitySchema, EntityTarget, ObjectLiteral } from 'typeorm';
import { SessionEntityError } from '../../session.errors.js';
import { nameOf } from './entity-name.js';

type Entity = EntityTarget<ObjectLiteral>;

/**
 * The registered metadata of this very entity; TypeORM itself is content with another one of the same name. Throws
 * `SessionEntityError` where the data source does not know it.
 */
export function metadataOf(dataSource: DataSource, entity: Entity): EntityMetadata {
  const schema = schemaOf(entity)?.options;
  const target = targetOf(entity);
  const found = dataSource.entityMetadatas.find((metadata) => metadata.target === target);
  if (!found) {
    assertDecorated(entity);
    throw new SessionEntityError(
      `The session entity ${nameOf(entity)} is not registered on the data source. ` +
        'Add it to the `entities` of the data source, or set `autoLoadEntities: true` in TypeOrmModule.',
    );
  }
  if (schema?.tableName !== undefined && schema.tableName !== found.givenTableName) {
    throw new SessionEntityError(
      `The data source has two entities named "${schema.name}". Give the session entity another \`name\`, or leave it out of \`defineSessionEntity\`.`,
    );
  }
  return found;
}

/**
 * The metadata of an entity that need not be registered, as this data source would have it. A schema counts as it is given, not as
 * another one of its name is registered. Rejects with `SessionEntityError` for what cannot be read without other entities.
 */
export async function metadataApart(dataSource: DataSource, entity: Entity): Promise<EntityMetadata> {
  const target = targetOf(entity);
  const isClass = typeof entity === 'function';
  const registered = isClass && dataSource.entityMetadatas.find((metadata) => metadata.target === target);
  if (registered) return registered;
  if (!isClass && !schemaOf(entity)) return metadataOf(dataSource, entity);
  assertDecorated(entity);
  try {
    const [metadata] = (await readApart(dataSource, entity)).filter((each) => each.target === target);
    return metadata!;
  } catch (cause) {
    throw new SessionEntityError(
      `The entity ${nameOf(entity)} is not registered on the data source, and cannot be read without the others: ${String(cause)} ` +
        'Register it, or name a copy of it without relations: its columns suffice.',
      { cause },
    );
  }
}

/** By a second data source of the same options, which is never opened. TypeORM keeps this step to itself. */
async function readApart({ options }: DataSource, entity: Entity): Promise<EntityMetadata[]> {
  const alone = { entities: [entity as never], migrations: [], subscribers: [], cache: false };
  const apart = new DataSource({ ...options, ...alone });
  await (apart as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas();
  return apart.entityMetadatas;
}

/** Throws `SessionEntityError` for a class that TypeORM takes for no entity: it leaves such a class out without a word. */
export function assertDecorated(entity: Entity): void {
  if (typeof entity !== 'function' || getMetadataArgsStorage().tables.some(({ target }) => target === entity)) return;
  throw new SessionEntityError(
    `The class ${nameOf(entity)} is not a TypeORM entity. Decorate it with \`@Entity('sessions')\`, also if it extends another entity.`,
  );
}

function schemaOf(entity: Entity): EntitySchema | undefined {
  return typeof entity === 'object' && 'options' in entity ? entity : undefined;
}

function targetOf(entity: Entity): unknown {
  const schema = schemaOf(entity)?.options;
  return schema ? (schema.target ?? schema.name) : entity;
}
