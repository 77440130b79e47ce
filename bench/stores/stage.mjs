import { mariadb } from '../databases/mariadb.mjs';
import { postgres } from '../databases/postgres.mjs';
import { sqlite } from '../databases/sqlite.mjs';
import { startWorker } from '../measure/worker-calls.mjs';
import { cloneRows } from './clone-rows.mjs';

const DATABASES = { postgres, mariadb, sqlite };
/** Stores without one of the databases; they are measured beside PostgreSQL. */
const BESIDE_POSTGRES = ['memory', 'redis'];

/** Rejects if one of these databases cannot be used: before a run of an hour, and not in the middle of it. */
export async function assertUsable(databaseNames) {
  for (const name of databaseNames) {
    const connection = await DATABASES[name].create();
    await connection.drop();
  }
}

/**
 * Opens the stores of a database, each in a worker of its own, and fills each part of its rows. A store that cannot be
 * opened is left out, visibly.
 */
export async function setStage(databaseName, entries, { worker: file, parts, execArgv }) {
  const database = DATABASES[databaseName];
  const connection = await database.create();
  // The workers end by it, and the run by their end, with its database dropped.
  process.once('SIGINT', () => {});
  const cast = [];
  const leftOut = [];
  const strike = async () => {
    for (const { worker } of cast) await worker.close();
    await connection.drop();
  };
  for (const entry of entries) {
    const home = [databaseName, ...(databaseName === 'postgres' ? BESIDE_POSTGRES : [])].find((name) => entry.databases.includes(name));
    if (!home) continue;
    const worker = startWorker(file, [entry.name, home, connection.url], { execArgv });
    try {
      await worker.call('open', parts);
      for (const part of entry.row ? parts : []) await cloneRows(database, connection, entry, part);
      if (entry.row) await connection.settle(database.sql.quote(entry.row.table));
      cast.push({ entry, worker });
    } catch (error) {
      leftOut.push(entry.name);
      console.error(`${entry.name} is left out: ${error.message.split('\n')[0]}`);
      await worker.close();
    }
  }
  return { cast, leftOut, version: connection.version, strike };
}
