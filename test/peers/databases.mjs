// The databases, as each library wants them, and what is asked of them past every store.
import { createRequire } from 'node:module';

const root = createRequire(new URL('../../package.json', import.meta.url));
/** TypeORM as our package uses it; the peers have another one. */
const typeorm = root('typeorm');
export const ours = root('./dist/express.js');
const sqlite = root('better-sqlite3');

const POSTGRES = process.env.POSTGRES_URL ?? 'postgres://postgres:postgres@127.0.0.1:5432/test';
const MARIADB = process.env.MARIADB_URL ?? 'mysql://root:@127.0.0.1:3306/test';

/** `file` is that of SQLite. */
export const databases = (file) => ({
  postgres: { typeorm: { type: 'postgres', url: POSTGRES }, knex: { client: 'pg', connection: POSTGRES }, url: POSTGRES },
  mariadb: { typeorm: { type: 'mariadb', url: MARIADB }, knex: { client: 'mysql2', connection: MARIADB }, url: MARIADB },
  sqlite: {
    typeorm: { type: 'better-sqlite3', database: file, driver: sqlite },
    knex: { client: 'better-sqlite3', connection: { filename: file }, useNullAsDefault: true },
  },
});

/** A data source of ours with the entity of an adopted table. */
export function open(database, adopt) {
  const { store, ...definition } = adopt;
  const entities = [ours.defineSessionEntity({ adopt: store, ...definition })];
  return new typeorm.DataSource({ ...database.typeorm, entities, logging: false }).initialize();
}

/** A name in the notation of the database. */
export const quoted = ({ typeorm: { type } }, name) => (type === 'mariadb' ? `\`${name}\`` : `"${name}"`);

export async function query(database, sql) {
  const dataSource = await new typeorm.DataSource({ ...database.typeorm, entities: [], logging: false }).initialize();
  try {
    return await dataSource.query(sql);
  } finally {
    await dataSource.destroy();
  }
}
