// The other stores, each over its own default table.
import session from 'express-session';
import 'reflect-metadata';
import pg from 'pg';
import knex from 'knex';
import { DataSource, EntitySchema } from 'typeorm';
import { Sequelize } from 'sequelize';
import pgSimple from 'connect-pg-simple';
import { TypeormStore as ConnectTypeorm } from 'connect-typeorm';
import mysqlSession from 'express-mysql-session';
import typeormStore from 'typeorm-store';
import { ConnectSessionKnexStore } from 'connect-session-knex';
import sequelizeSession from 'connect-session-sequelize';

const everywhere = ['postgres', 'mariadb', 'sqlite'];

/** A store over an entity of the application's, as the README of the store shows it. */
const overEntity = (columns, makeStore) => async (database) => {
  const entity = new EntitySchema({ name: 'Session', tableName: 'session', columns });
  const dataSource = await new DataSource({ ...database.typeorm, entities: [entity], synchronize: true }).initialize();
  return { store: makeStore(dataSource.getRepository(entity)), close: () => dataSource.destroy() };
};

/** By the name of the store: its table, the column of its ids, the databases it works on, and how it is set up. */
export const PEERS = {
  'connect-pg-simple': {
    table: 'session',
    id: 'sid',
    on: ['postgres'],
    async open({ url }) {
      const pool = new pg.Pool({ connectionString: url });
      const store = new (pgSimple(session))({ pool, createTableIfMissing: true, pruneSessionInterval: false });
      // Its first query makes the table.
      await new Promise((resolve) => store.get('none', resolve));
      return { store, close: () => pool.end() };
    },
  },
  'connect-typeorm': {
    table: 'session',
    id: 'id',
    on: everywhere,
    open: overEntity(
      {
        id: { type: 'varchar', length: 255, primary: true },
        expiredAt: { type: 'bigint' },
        json: { type: 'text' },
        destroyedAt: { deleteDate: true, type: Date, nullable: true },
      },
      (repository) => new ConnectTypeorm({ cleanupLimit: 0, limitSubquery: false }).connect(repository),
    ),
  },
  'express-mysql-session': {
    table: 'sessions',
    id: 'session_id',
    on: ['mariadb'],
    async open({ url }) {
      const { hostname: host, port, username: user, password, pathname } = new URL(url);
      const store = new (mysqlSession(session))({ host, port, user, password, database: pathname.slice(1), clearExpired: false });
      await store.onReady();
      return { store, close: () => store.close() };
    },
  },
  'typeorm-store': {
    table: 'session',
    id: 'id',
    on: everywhere,
    open: overEntity(
      { id: { type: 'varchar', primary: true }, expiresAt: { type: Number }, data: { type: 'text' } },
      (repository) => new typeormStore.TypeormStore({ repository, clearExpired: false }),
    ),
  },
  'connect-session-knex': {
    table: 'sessions',
    id: 'sid',
    on: everywhere,
    async open(database) {
      const client = knex(database.knex);
      const store = new ConnectSessionKnexStore({ knex: client, cleanupInterval: 0 });
      await store.ready;
      return { store, close: () => client.destroy() };
    },
  },
  'connect-session-sequelize': {
    table: 'Sessions',
    id: 'sid',
    on: ['postgres', 'mariadb'],
    // Its ids have 36 characters before that.
    isExtended: true,
    async open({ url }) {
      const db = new Sequelize(url, { logging: false });
      const store = new (sequelizeSession(session.Store))({ db, checkExpirationInterval: -1 });
      await store.sync();
      return { store, close: () => db.close() };
    },
  },
};
