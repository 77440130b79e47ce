import { hash } from 'node:crypto';
import session from 'express-session';
import pg from 'pg';
import { POOL_SIZE } from './pool-size.mjs';
import { versionOf } from './versions.mjs';

const MOST = 64;
const IN_FLIGHT = 2;
const TABLE = 'bare_sessions';

/**
 * How fast a batching store on PostgreSQL can be: the shortest code that puts what waits into one prepared statement.
 * It merges nothing, retries nothing, bounds nothing, and knows no expiry but the one in the query. Nobody could use it.
 */
export const bareBatch = {
  name: 'bare-batch',
  title: `the shortest code that batches, on pg ${versionOf('pg')}`,
  databases: ['postgres'],
  row: { table: TABLE, id: 'id', data: 'data', hashesIds: true, own: {} },
  async open({ url }) {
    const pool = new pg.Pool({ connectionString: url, max: POOL_SIZE });
    await pool.query(
      `CREATE TABLE IF NOT EXISTS ${TABLE} (id varchar(64) PRIMARY KEY, data text NOT NULL, expires_at bigint NOT NULL, version integer NOT NULL) ` +
        'WITH (fillfactor = 75)',
    );
    return { store: new BareStore(pool), close: () => pool.end() };
  },
};

const keyOf = (sid) => hash('sha256', sid);
const list = (rows, text) => Array.from({ length: rows }, (_, row) => text(row)).join(', ');
const sizeOf = (rows) => 2 ** Math.ceil(Math.log2(rows));

class BareStore extends session.Store {
  constructor(pool) {
    super();
    const ids = (rows, from = 1) => list(rows, (row) => `$${row + from}`);
    const values = (rows, types) =>
      list(rows, (row) => `(${types.map((type, index) => `$${row * types.length + index + 1}::${type}`).join(', ')})`);
    const changed = (rows) => `(VALUES ${values(rows, ['text', 'text', 'bigint', 'integer'])}) AS v (id, data, expires_at, version)`;
    this.reads = new Batches(
      pool,
      'get',
      1,
      (rows) => `SELECT id, data, version FROM ${TABLE} WHERE id IN (${ids(rows)}) AND expires_at > ${Date.now()}`,
    );
    this.touches = new Batches(
      pool,
      'touch',
      2,
      (rows) =>
        `UPDATE ${TABLE} AS s SET expires_at = v.e FROM (VALUES ${values(rows, ['text', 'bigint'])}) AS v (id, e) WHERE s.id = v.id RETURNING s.id`,
    );
    this.saves = new Batches(
      pool,
      'set',
      4,
      (rows) =>
        `UPDATE ${TABLE} AS s SET data = v.data, expires_at = v.expires_at, version = s.version + 1 FROM ${changed(rows)} ` +
        'WHERE s.id = v.id AND s.version = v.version RETURNING s.id',
    );
    this.inserts = new Batches(
      pool,
      'create',
      4,
      (rows) => `INSERT INTO ${TABLE} SELECT * FROM ${changed(rows)} WHERE id IS NOT NULL RETURNING id`,
    );
    this.removals = new Batches(pool, 'destroy', 1, (rows) => `DELETE FROM ${TABLE} WHERE id IN (${ids(rows)}) RETURNING id`);
    this.versions = new WeakMap();
  }

  get(sid, callback) {
    this.reads.add([keyOf(sid)], (error, row) => {
      const data = row ? JSON.parse(row.data) : null;
      if (data) this.versions.set(data, row.version);
      callback(error, data);
    });
  }

  set(sid, data, callback) {
    const version = this.versions.get(data);
    const expiresAt = data.cookie.expires?.getTime() ?? Date.now() + 86_400_000;
    const lane = version === undefined ? this.inserts : this.saves;
    lane.add([keyOf(sid), JSON.stringify(data), expiresAt, version ?? 1], callback);
  }

  touch(sid, data, callback) {
    this.touches.add([keyOf(sid), Date.now() + 86_400_000], callback);
  }

  destroy(sid, callback) {
    this.removals.add([keyOf(sid)], callback);
  }
}

/** What waits leaves at the end of a turn, in two statements at a time at most. */
class Batches {
  waiting = [];
  inFlight = 0;

  constructor(pool, name, width, text) {
    Object.assign(this, { pool, name, width, text, texts: new Map() });
  }

  add(values, callback) {
    this.waiting.push({ values, callback });
    this.soon();
  }

  soon() {
    if (this.inFlight < IN_FLIGHT && this.waiting.length > 0) this.departure ??= setImmediate(() => this.depart());
  }

  depart() {
    this.departure = undefined;
    const share = Math.ceil(this.waiting.length / (IN_FLIGHT - this.inFlight));
    while (this.inFlight < IN_FLIGHT && this.waiting.length > 0) this.send(this.waiting.splice(0, Math.min(MOST, Math.max(16, share))));
  }

  send(batch) {
    this.inFlight++;
    const size = sizeOf(batch.length);
    if (!this.texts.has(size)) this.texts.set(size, this.text(size));
    const values = batch.flatMap((each) => each.values);
    while (values.length < size * this.width) values.push(null);
    this.pool.query({ name: `${this.name} ${size}`, text: this.texts.get(size), values }, (error, result) => {
      this.inFlight--;
      const found = new Map(result?.rows.map((row) => [row.id, row]));
      for (const {
        values: [id],
        callback,
      } of batch)
        callback(error ?? (found.has(id) ? null : new Error('The row is not there.')), found.get(id));
      this.soon();
    });
  }
}
