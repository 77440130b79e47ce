import { createRequire } from 'node:module';
import { requireAsOurs } from '../stores/versions.mjs';

/** Where copies of one driver may lie: our package and the others may stand on different ones. */
const requires = [
  requireAsOurs,
  createRequire(import.meta.url),
  ...['connect-pg-simple', 'express-mysql-session', 'knex'].map((name) =>
    createRequire(new URL(`../node_modules/${name}/`, import.meta.url)),
  ),
];

const PROTOTYPES = {
  postgres: (load) => [[load('pg').Client.prototype, ['query']]],
  mariadb: (load) => [[load('mysql2').Connection.prototype, ['query', 'execute']]],
  sqlite(load) {
    const Database = load('better-sqlite3');
    const file = new Database(':memory:');
    const statement = Object.getPrototypeOf(file.prepare('SELECT 1'));
    file.close();
    return [
      [statement, ['run', 'get', 'all', 'iterate']],
      [Database.prototype, ['exec']],
    ];
  },
};

let sent = 0;
const wrapped = new Set();

/** Counts, from the first call on, what the drivers of a database are asked to run; returns how much it was so far. */
export function statementsSent(database) {
  for (const load of requires) {
    for (const [prototype, methods] of PROTOTYPES[database]?.(load) ?? []) {
      if (wrapped.has(prototype)) continue;
      wrapped.add(prototype);
      for (const method of methods) wrap(prototype, method);
    }
  }
  return sent;
}

function wrap(prototype, method) {
  const original = prototype[method];
  if (!original) return;
  prototype[method] = function counted(...args) {
    // A statement of SQLite knows its text; a PRAGMA sets the connection and asks the file for nothing.
    if (!/^PRAGMA/i.test(this.source ?? '')) sent++;
    return original.apply(this, args);
  };
}

/** Statements per operation of `work`, which is given what starts and stops the count. */
export async function countStatements(database, work) {
  let total = 0;
  let before = 0;
  const start = () => (before = statementsSent(database));
  const stop = () => (total += statementsSent(database) - before);
  const { count } = await work({ start, stop });
  return total / count;
}
