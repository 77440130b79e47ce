import expressMysqlSession from 'express-mysql-session';
import session from 'express-session';
import { POOL_SIZE } from './pool-size.mjs';
import { versionOf } from './versions.mjs';

export const mysqlSession = {
  name: 'express-mysql-session',
  title: `express-mysql-session ${versionOf('express-mysql-session')}`,
  databases: ['mariadb'],
  row: { table: 'mysql_sessions', id: 'session_id', data: 'data' },
  async open({ url }) {
    const { hostname, port, username, password, pathname } = new URL(url);
    const MySQLStore = expressMysqlSession(session);
    const store = new MySQLStore({
      host: hostname,
      port: Number(port || 3306),
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      database: pathname.slice(1),
      connectionLimit: POOL_SIZE,
      schema: { tableName: 'mysql_sessions' },
    });
    await store.onReady();
    return { store, close: () => store.close() };
  },
};
