import Database from 'better-sqlite3';
import mysql from 'mysql2';
import pg from 'pg';
import { fileOf } from '../databases/sqlite.mjs';
import { POOL_SIZE } from './pool-size.mjs';

/** The values of a row, by operation: its key first. */
const WIDTHS = { find: 1, refresh: 2, save: 4, create: 4, remove: 1 };
const COLUMNS = 'id, data, expires_at, version';

const list = (rows, text) => Array.from({ length: rows }, (_, row) => text(row)).join(', ');
const marks = (width) => `(${list(width, () => '?')})`;

/** Databases for the shortest code: `send` runs an operation on some rows, and answers with their count or with what it read. */
export const BARE_DATABASES = { postgres: openPostgres, mariadb: openMariadb, sqlite: openSqlite };

async function openPostgres({ url }, table) {
  const pool = new pg.Pool({ connectionString: url, max: POOL_SIZE });
  await pool.query(
    `CREATE TABLE IF NOT EXISTS ${table} (id varchar(64) PRIMARY KEY, data text NOT NULL, expires_at bigint NOT NULL, version integer NOT NULL) ` +
      'WITH (fillfactor = 75)',
  );
  const ids = (rows) => list(rows, (row) => `$${row + 1}`);
  const values = (rows, ...types) =>
    `(VALUES ${list(rows, (row) => `(${types.map((type, index) => `$${row * types.length + index + 1}::${type}`).join(', ')})`)})`;
  const all = ['text', 'text', 'bigint', 'integer'];
  const textOf = textsOf({
    find: (rows) => `SELECT id, data, version FROM ${table} WHERE id IN (${ids(rows)}) AND expires_at > ${Date.now()}`,
    refresh: (rows) => `UPDATE ${table} AS s SET expires_at = v.e FROM ${values(rows, 'text', 'bigint')} AS v (id, e) WHERE s.id = v.id`,
    save: (rows) =>
      `UPDATE ${table} AS s SET data = v.data, expires_at = v.expires_at, version = s.version + 1 FROM ${values(rows, ...all)} AS v (${COLUMNS}) ` +
      'WHERE s.id = v.id AND s.version = v.version',
    create: (rows) => `INSERT INTO ${table} SELECT * FROM ${values(rows, ...all)} AS v (${COLUMNS}) WHERE id IS NOT NULL`,
    remove: (rows) => `DELETE FROM ${table} WHERE id IN (${ids(rows)})`,
  });
  return {
    send(operation, rows, done) {
      // Few different texts, so that each connection has them prepared soon.
      const size = 2 ** Math.ceil(Math.log2(rows.length));
      const parameters = rows.flat();
      while (parameters.length < size * WIDTHS[operation]) parameters.push(null);
      pool.query({ name: `${operation} ${size}`, text: textOf(operation, size), values: parameters }, (error, result) =>
        done(error, result && { rows: result.rows, count: result.rowCount }),
      );
    },
    close: () => pool.end(),
  };
}

async function openMariadb({ url }, table) {
  const pool = mysql.createPool({ uri: url, connectionLimit: POOL_SIZE });
  await pool
    .promise()
    .query(
      `CREATE TABLE IF NOT EXISTS ${table} (id varchar(64) PRIMARY KEY, data mediumtext NOT NULL, expires_at bigint NOT NULL, version integer NOT NULL)`,
    );
  const textOf = textsOf({
    find: (rows) => `SELECT id, data, version FROM ${table} WHERE id IN ${marks(rows)} AND expires_at > ${Date.now()}`,
    refresh: (rows) =>
      `UPDATE ${table} SET expires_at = CASE id ${list(rows, () => 'WHEN ? THEN ?').replaceAll(',', '')} END WHERE id IN ${marks(rows)}`,
    // It knows no versions, and counts each row twice.
    save: (rows) =>
      `${textOf('create', rows)} ON DUPLICATE KEY UPDATE data = VALUES(data), expires_at = VALUES(expires_at), version = version + 1`,
    create: (rows) => `INSERT INTO ${table} (${COLUMNS}) VALUES ${list(rows, () => marks(WIDTHS.create))}`,
    remove: (rows) => `DELETE FROM ${table} WHERE id IN ${marks(rows)}`,
  });
  return {
    send(operation, rows, done) {
      const parameters = operation === 'refresh' ? [...rows.flat(), ...rows.map(([id]) => id)] : rows.flat();
      // Reads are a tenth slower where they are prepared.
      const method = operation === 'find' ? 'query' : 'execute';
      pool[method](textOf(operation, rows.length), parameters, (error, result) =>
        done(error, result && (Array.isArray(result) ? { rows: result, count: result.length } : { count: result.affectedRows })),
      );
    },
    close: () => pool.promise().end(),
  };
}

async function openSqlite({ url, store }, table) {
  const file = new Database(fileOf(url, store));
  file.pragma('journal_mode = WAL');
  file.exec(
    `CREATE TABLE IF NOT EXISTS ${table} (id varchar(64) PRIMARY KEY, data text NOT NULL, expires_at bigint NOT NULL, version integer NOT NULL)`,
  );
  const textOf = textsOf({
    find: (rows) => `SELECT id, data, version FROM ${table} WHERE id IN ${marks(rows)} AND expires_at > ${Date.now()}`,
    refresh: (rows) =>
      `WITH v (id, e) AS (VALUES ${list(rows, () => marks(2))}) UPDATE ${table} AS s SET expires_at = v.e FROM v WHERE s.id = v.id`,
    save: (rows) =>
      `WITH v (${COLUMNS}) AS (VALUES ${list(rows, () => marks(4))}) ` +
      `UPDATE ${table} AS s SET data = v.data, expires_at = v.expires_at, version = s.version + 1 FROM v WHERE s.id = v.id AND s.version = v.version`,
    create: (rows) => `INSERT INTO ${table} (${COLUMNS}) VALUES ${list(rows, () => marks(WIDTHS.create))}`,
    remove: (rows) => `DELETE FROM ${table} WHERE id IN ${marks(rows)}`,
  });
  const prepared = new Map();
  return {
    send(operation, rows, done) {
      const text = textOf(operation, rows.length);
      if (!prepared.has(text)) prepared.set(text, file.prepare(text));
      const statement = prepared.get(text);
      const result = statement.reader ? statement.all(rows.flat()) : statement.run(rows.flat());
      done(null, statement.reader ? { rows: result, count: result.length } : { count: result.changes });
    },
    close: async () => file.close(),
  };
}

/** The text of an operation for so many rows, made once. */
function textsOf(writers) {
  const texts = new Map();
  return (operation, rows) => {
    const key = `${operation} ${rows}`;
    if (!texts.has(key)) texts.set(key, writers[operation](rows));
    return texts.get(key);
  };
}
