import { fileURLToPath } from 'node:url';
import { mariadb } from '../databases/mariadb.mjs';
import { postgres } from '../databases/postgres.mjs';
import { sqlite } from '../databases/sqlite.mjs';
import { startWorker } from '../measure/worker-calls.mjs';
import { cloneRows } from '../stores/clone-rows.mjs';
import { SIZES } from '../stores/sample-session.mjs';

const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));
/** Rows of 10 KB, for each row of 1 KB. */
const LARGE_SHARE = 0.05;

const DATABASES = { postgres, mariadb, sqlite };
/** Stores without one of the databases; they are measured beside PostgreSQL. */
const BESIDE_POSTGRES = ['memory', 'redis'];

/** Opens the stores of a database, each in a process of its own and filled with rows. A store that cannot be opened is left out, visibly. */
export async function setStage(databaseName, entries, { rows, profileFolder }) {
  const database = DATABASES[databaseName];
  const connection = await database.create();
  const execArgv = profileFolder ? ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`] : [];
  const [small, large] = [rows, Math.ceil(rows * LARGE_SHARE)];
  const parts = { small: { first: 1, last: small }, large: { first: small + 1, last: small + large } };
  const cast = [];
  for (const entry of entries) {
    const home = [databaseName, ...(databaseName === 'postgres' ? BESIDE_POSTGRES : [])].find((name) => entry.databases.includes(name));
    if (!home) continue;
    const worker = startWorker(WORKER, [entry.name, home, connection.url], { execArgv });
    try {
      await worker.call('open');
      for (const { name, bytes, template } of SIZES) {
        const part = { ...parts[name], bytes, template };
        if (entry.row) await cloneRows(database, connection, entry, part);
        else await worker.call('fill', part);
      }
      if (entry.row) await connection.settle(database.sql.quote(entry.row.table));
      await worker.call('setRows', parts);
      cast.push({ entry, worker });
    } catch (error) {
      console.error(`${entry.name} is left out: ${error.message.split('\n').slice(0, 2).join(' ')}`);
      await worker.close();
    }
  }
  const strike = async () => {
    for (const { worker } of cast) await worker.close();
    await connection.drop();
  };
  return { cast, version: connection.version, strike };
}
