import { readFileSync } from 'node:fs';
import connectPgSimple from 'connect-pg-simple';
import { TypeormStore } from 'connect-typeorm';
import session from 'express-session';
import { createSessionMiddleware } from 'nestjs-typeorm-session/express';
import pg from 'pg';
import { DataSource, EntitySchema } from 'typeorm';

const SECRET = 'a secret of the races';

/** express-session with another store, as their documentation shows it. */
const withExpressSession = (store, cookie) =>
  session({ store, cookie, name: 'sid', secret: SECRET, resave: false, saveUninitialized: false });

const versionIn = (folder) => JSON.parse(readFileSync(new URL(`${folder}/package.json`, import.meta.url), 'utf8')).version;
const versionOf = (name) => versionIn(`node_modules/${name}`);
// npm links to the repository, so our modules are found there.
const versionOfOurs = (name) => versionIn(`../node_modules/${name}`);

/** The entity of connect-typeorm's README. */
const TypeormSession = new EntitySchema({
  name: 'TypeormSession',
  columns: {
    id: { type: 'varchar', length: 255, primary: true },
    expiredAt: { type: 'bigint' },
    json: { type: 'text' },
    destroyedAt: { type: 'timestamp', nullable: true, deleteDate: true },
  },
  indices: [{ columns: ['expiredAt'] }],
});

/** Opens each store on an empty table of the database; `sessions` makes a middleware with these cookie options. */
export const STORES = [
  {
    name: `connect-typeorm ${versionOf('connect-typeorm')}`,
    with: `TypeORM ${versionOf('typeorm')}, express-session ${versionOf('express-session')}`,
    async open(url, cookie) {
      const dataSource = new DataSource({ type: 'postgres', url, entities: [TypeormSession], synchronize: true, dropSchema: true });
      await dataSource.initialize();
      // Without `onError` its first failure would switch sessions off for everybody.
      const store = new TypeormStore({ onError: () => {} }).connect(dataSource.getRepository(TypeormSession));
      return { store, sessions: withExpressSession(store, cookie), close: () => dataSource.destroy() };
    },
  },
  {
    name: `connect-pg-simple ${versionOf('connect-pg-simple')}`,
    with: `pg ${versionOf('pg')}, express-session ${versionOf('express-session')}`,
    async open(url, cookie) {
      const pool = new pg.Pool({ connectionString: url });
      await pool.query('DROP TABLE IF EXISTS "session"');
      const PgStore = connectPgSimple(session);
      const store = new PgStore({ pool, createTableIfMissing: true });
      // Its first callers race for the table, which is not what is looked at here.
      await new Promise((resolve, reject) => store.get('nobody', (error) => (error ? reject(error) : resolve())));
      const close = async () => {
        await store.close();
        await pool.end();
      };
      return { store, sessions: withExpressSession(store, cookie), close };
    },
  },
  {
    name: `nestjs-typeorm-session ${versionIn('..')}`,
    with: `TypeORM ${versionOfOurs('typeorm')}, express-session ${versionOfOurs('express-session')}`,
    async open(url, cookie) {
      const sessions = createSessionMiddleware({
        secret: SECRET,
        connection: { type: 'postgres', url, dropSchema: true },
        ...(cookie && { cookie }),
      });
      return { store: sessions.store, sessions, close: () => sessions.store.close() };
    },
  },
];
