import type { EntityMetadata, EntityTarget, ObjectLiteral } from 'typeorm';
import { GENERATED_NAME, SessionEntity } from './session.entity.js';

/** What users call an entity: the name of their class or schema, and for those of this package what they import or call. */
export function nameOf(entity: EntityTarget<ObjectLiteral>): string {
  if (typeof entity === 'string') return `"${entity}"`;
  if (entity === SessionEntity) return '"SessionEntity"';
  if (typeof entity === 'function') return `"${entity.name}"`;
  if (!('options' in entity)) return `"${entity.name}"`;
  const { name, tableName, synchronize } = entity.options;
  return nameOfSchema(name, tableName ?? name, synchronize !== false);
}

/** The same for an entity that is registered. */
export function nameOfRegistered({ target, name, givenTableName = name, synchronize }: EntityMetadata): string {
  return target === SessionEntity ? '"SessionEntity"' : nameOfSchema(name, givenTableName, synchronize);
}

/** Only adopted tables are kept from synchronization among those that have a name of ours. */
function nameOfSchema(name: string, tableName: string, isSynchronized: boolean): string {
  if (!name.startsWith(GENERATED_NAME)) return `"${name}"`;
  return isSynchronized ? `\`defineSessionEntity({ tableName: '${tableName}' })\`` : '`defineSessionEntity({ adopt: … })`';
}
