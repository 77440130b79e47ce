import connectPgSimple from 'connect-pg-simple';
import { TypeormStore } from 'connect-typeorm';
import session from 'express-session';
import { createSessionMiddleware } from '../../dist/express.js';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { TypeormSession } from '../stores/typeorm-session.entity.mjs';
import { versionOf, versionOfOurs, versionUnderOurs } from '../stores/versions.mjs';

const SECRET = 'a long secret of the races, which nobody needs to know';

/** express-session with another store, as their documentation shows it. */
const withExpressSession = (store, cookie) =>
  session({ store, cookie, name: 'sid', secret: SECRET, resave: false, saveUninitialized: false });

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
    name: `nestjs-typeorm-session ${versionOfOurs}`,
    with: `TypeORM ${versionUnderOurs('typeorm')}, express-session ${versionUnderOurs('express-session')}`,
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
