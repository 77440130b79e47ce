import { hash } from 'node:crypto';
import session from 'express-session';
import { BARE_DATABASES } from './bare-databases.mjs';

const MOST = 64;
const IN_FLIGHT = 2;
const TABLE = 'bare_sessions';

/**
 * How fast a batching store can be: the shortest code that puts what waits into one prepared statement, on a table with no
 * index but the key. It merges nothing, retries nothing, bounds nothing, lists nothing, and knows no expiry but the one in the
 * query. Nobody could use it.
 */
export const bareBatch = {
  name: 'bare-batch',
  title: 'the shortest code that batches',
  databases: ['postgres', 'mariadb', 'sqlite'],
  row: { table: TABLE, id: 'id', data: 'data', hashesIds: true, own: {} },
  async open(where) {
    const database = await BARE_DATABASES[where.database](where, TABLE);
    return { store: new BareStore(database), close: () => database.close() };
  },
};

const keyOf = (sid) => hash('sha256', sid);
const dayFromNow = () => Date.now() + 86_400_000;

class BareStore extends session.Store {
  versions = new WeakMap();

  constructor(database) {
    super();
    for (const operation of ['find', 'refresh', 'save', 'create', 'remove']) this[operation] = new Batches(database, operation);
  }

  get(sid, callback) {
    this.find.add([keyOf(sid)], (error, row) => {
      const data = row ? JSON.parse(row.data) : null;
      if (data) this.versions.set(data, row.version);
      callback(error, data);
    });
  }

  set(sid, data, callback) {
    const version = this.versions.get(data);
    const lane = version === undefined ? this.create : this.save;
    lane.add([keyOf(sid), JSON.stringify(data), data.cookie.expires?.getTime() ?? dayFromNow(), version ?? 1], callback);
  }

  touch(sid, data, callback) {
    this.refresh.add([keyOf(sid), dayFromNow()], callback);
  }

  destroy(sid, callback) {
    this.remove.add([keyOf(sid)], callback);
  }
}

/** What waits leaves at the end of a turn, in two statements at a time at most. */
class Batches {
  waiting = [];
  inFlight = 0;

  constructor(database, operation) {
    Object.assign(this, { database, operation });
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
    const rows = batch.map((each) => each.values);
    this.database.send(this.operation, rows, (error, result) => {
      this.inFlight--;
      const found = result?.rows && new Map(result.rows.map((row) => [row.id, row]));
      const failure = error ?? (result.count < batch.length ? new Error(`Only ${result.count} of ${batch.length} rows are there.`) : null);
      for (const { values, callback } of batch) callback(failure, found?.get(values[0]));
      this.soon();
    });
  }
}
