import { EntitySchema, type EntitySchemaColumnOptions, type EntitySchemaOptions } from 'typeorm';
import { defineSessionEntity } from '../../lib/table/entity/session.entity.js';
import type { SessionField } from '../../lib/table/session-row.js';
import { uniqueTableName } from './databases.js';

type Columns = Record<string, EntitySchemaColumnOptions>;
type Row = Record<string, unknown>;

/** An entity of an application's own, with these columns by property, in a table of its own. */
export function entityOf(columns: Columns, more: Partial<EntitySchemaOptions<Row>> = {}): EntitySchema<Row> {
  return new EntitySchema<Row>({ name: 'Custom', tableName: uniqueTableName(), columns, ...more });
}

/** The default row with some of its columns made otherwise. */
export function variantOf(columns: Partial<Record<SessionField, Partial<EntitySchemaColumnOptions>>>): EntitySchema<Row> {
  const { options } = defineSessionEntity();
  const changed = Object.entries(options.columns).map(([field, column]) => {
    const { length, ...rest } = column;
    const more = columns[field as SessionField];
    return [field, more ? { ...rest, ...more } : { ...rest, ...(length && { length }) }];
  });
  return entityOf(Object.fromEntries(changed) as Columns);
}
