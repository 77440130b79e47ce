// Runs every race against every store, on PostgreSQL, and prints in how many rounds it was lost.
import pg from 'pg';
import { startApp } from './app.mjs';
import { CASES } from './cases.mjs';
import { STORES } from './stores.mjs';

const ROUNDS = 200;
const ABREAST = 50;
const DATABASE = 'nestjs_typeorm_session_bench';
const server = process.env.POSTGRES_URL ?? 'postgres://postgres:postgres@127.0.0.1:5432/test';

const admin = new pg.Client({ connectionString: server });
await admin.connect();
await admin.query(`DROP DATABASE IF EXISTS ${DATABASE}`);
await admin.query(`CREATE DATABASE ${DATABASE}`);
try {
  const url = new URL(server);
  url.pathname = DATABASE;
  const lines = [];
  for (const race of CASES) {
    const lost = [];
    for (const store of STORES) lost.push(await countLost(race, store, url.href));
    lines.push([race.race, ...lost]);
  }
  await print(lines);
} finally {
  await admin.query(`DROP DATABASE ${DATABASE}`);
  await admin.end();
}

async function countLost({ play, prepare, cookie, abreast = ABREAST }, { open }, url) {
  const { store, sessions, close } = await open(url, cookie);
  prepare?.(store);
  const app = await startApp(sessions);
  let lost = 0;
  for (let first = 0; first < ROUNDS; first += abreast) {
    const rounds = await Promise.all(Array.from({ length: Math.min(abreast, ROUNDS - first) }, () => play(app, store)));
    lost += rounds.filter(Boolean).length;
  }
  app.close();
  await close();
  return lost;
}

async function print(lines) {
  const { rows } = await admin.query('SHOW server_version');
  const version = rows[0].server_version.split(' ')[0];
  console.log(
    `Rounds lost of ${ROUNDS}, ${new Date().toISOString().slice(0, 10)}, Node.js ${process.versions.node}, PostgreSQL ${version}:\n`,
  );
  console.log(`| Race | ${STORES.map(({ name }) => name).join(' | ')} |`);
  console.log(`| --- | ${STORES.map(() => '--:').join(' | ')} |`);
  for (const line of lines) console.log(`| ${line.join(' | ')} |`);
  console.log(`\n${STORES.map((store) => `${store.name}: ${store.with}.`).join('\n')}`);
}
