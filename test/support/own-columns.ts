import { EntitySchema } from 'typeorm';
import { defineSessionEntity, type SessionEntity } from '../../lib/table/entity/session.entity.js';
import { uniqueTableName, type TestDatabase } from './databases.js';

/** What the database reads the key `idpSid` of the stored JSON by. */
const EXPRESSIONS: Readonly<Record<TestDatabase['name'], string>> = {
  postgres: "(data::json ->> 'idpSid')",
  mariadb: "json_value(data, '$.idpSid')",
  'better-sqlite3': "json_extract(data, '$.idpSid')",
  'sql.js': "json_extract(data, '$.idpSid')",
};

export type OwnSession = SessionEntity & { idpSid: string | null; tenant: string | null; shop: number | null; note: string | null };

/**
 * The default row with columns of an application's own: `idpSid`, which the database takes from the stored session, `tenant` and `shop`,
 * which the application fills, and `note`, which has no index.
 */
export function entityWithOwnColumns({ name }: TestDatabase): EntitySchema<OwnSession> {
  const { options } = defineSessionEntity({ tableName: uniqueTableName() });
  const text = { type: 'varchar', length: 255, nullable: true } as const;
  return new EntitySchema<OwnSession>({
    name: `Own${options.tableName}`,
    tableName: options.tableName!,
    columns: {
      ...options.columns,
      idpSid: { ...text, name: 'idp_sid', asExpression: EXPRESSIONS[name], generatedType: 'STORED', insert: false, update: false },
      tenant: text,
      shop: { type: 'integer', nullable: true },
      note: text,
    },
    indices: [...options.indices!, { columns: ['idpSid'] }, { columns: ['tenant', 'note'] }, { columns: ['shop'] }],
  });
}
