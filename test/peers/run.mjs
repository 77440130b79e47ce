/**
 * Takes over the sessions of other stores: each real store makes them through express-session, and then our built package adopts its
 * table. Everybody who was signed in is, nobody who had signed out is, and in the end no plain id is in the table.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import session from 'express-session';
import { each, serve } from './client.mjs';
import { databases, open, ours, query, quoted } from './databases.mjs';
import { PEERS } from './peers.mjs';

const SIGNED_IN = Number(process.env.SESSIONS ?? 1_000);
const SIGNED_OUT = SIGNED_IN / 10;
const SHARED = 20;
const secret = 'the secret of an application with more than 32 characters';
const cookie = { maxAge: 3_600_000 };

const folder = mkdtempSync(join(tmpdir(), 'peers-'));
const DATABASES = databases(join(folder, 'sessions.sqlite'));

/** The application with the older store. */
async function serveOlder(peer, database) {
  const { store, close } = await peer.open(database);
  const server = await serve(session({ secret, store, cookie, resave: false, saveUninitialized: false }));
  return { ...server, close: () => server.close().then(close) };
}

/** The same with ours. */
async function serveOurs(database, adopt, options = {}) {
  const dataSource = await open(database, adopt);
  if (adopt.extended) {
    const runner = dataSource.createQueryRunner();
    await new (ours.createSessionMigration({ adopt }))().up(runner);
    await runner.release();
  }
  const middleware = ours.createSessionMiddleware({ secret, dataSource, adopt, cookie, prune: false, ...options });
  const server = await serve(middleware);
  const close = () =>
    server
      .close()
      .then(() => middleware.store.close())
      .then(() => dataSource.destroy());
  return { ...server, store: middleware.store, close };
}

const drop = (database, table) => query(database, `DROP TABLE IF EXISTS ${quoted(database, table)}`);

/** Whose sessions these cookies are. */
const usersOf = async (app, cookies) => (await each(cookies, (value) => app.get('/me', value))).map(({ body }) => body);

/** Half of the sessions are used first, the run through the table takes the rest. */
async function takeOver(database, adopt, { users, cookies, gone, table, id }) {
  const app = await serveOurs(database, adopt);
  try {
    const half = SIGNED_IN / 2;
    assert.deepEqual(await usersOf(app, cookies.slice(0, half)), users.slice(0, half));
    await app.store.migrateIds();
    const plain = (await query(database, `SELECT ${id} AS id FROM ${quoted(database, table)}`)).filter(
      (row) => !/^[0-9a-f]{64}$/.test(row.id),
    );
    assert.equal(plain.length, 0, 'plain ids in the table');
    assert.deepEqual(await usersOf(app, cookies), users);
    assert.deepEqual(
      await usersOf(app, gone),
      gone.map(() => ''),
    );
  } finally {
    await app.close();
  }
  const done = await serveOurs(database, adopt, { hashIds: true });
  assert.deepEqual(await usersOf(done, cookies.slice(0, SHARED)), users.slice(0, SHARED));
  await done.close();
}

/** Both on one table, while a deployment replaces one by the other: ours keeps plain ids until the last of the older ones is gone. */
async function share(older, database, adopt) {
  const newer = await serveOurs(database, adopt, { hashIds: false });
  try {
    await each(Array.from({ length: SHARED }), async (_, index) => {
      const [first, second] = index % 2 === 0 ? [older, newer] : [newer, older];
      const user = `shared${index}`;
      const { cookie: value } = await first.get(`/login?user=${user}`);
      for (const [views, app] of [second, first, second, first].entries()) {
        assert.equal((await app.get('/visit', value)).body, `${user} ${views + 1}`);
      }
      await (index % 4 < 2 ? first : second).get('/logout', value);
      for (const app of [first, second]) assert.equal((await app.get('/me', value)).body, '');
    });
  } finally {
    await newer.close();
  }
}

async function adoptPeer(name, on) {
  const [peer, database] = [PEERS[name], DATABASES[on]];
  await drop(database, peer.table);
  const adopt = { store: name, ...(peer.isExtended && { extended: true }) };
  const older = await serveOlder(peer, database);
  try {
    await share(older, database, adopt);
    const users = Array.from({ length: SIGNED_IN + SIGNED_OUT }, (_, index) => `user${index}`);
    const cookies = (await each(users, (user) => older.get(`/login?user=${user}`))).map(({ cookie: value }) => value);
    const gone = cookies.splice(SIGNED_IN);
    await each(gone, (value) => older.get('/logout', value));
    await takeOver(database, adopt, { users: users.slice(0, SIGNED_IN), cookies, gone, table: peer.table, id: peer.id });
  } finally {
    await older.close();
    await drop(database, peer.table);
  }
}

/** Dancer2 is no store of express-session: its rows are written as its documentation shows them, and its cookies are not signed. */
async function adoptDancer(_, on) {
  const database = DATABASES[on];
  const [table, id] = ['sessions', 'sessions_id'];
  await drop(database, table);
  await query(database, `CREATE TABLE ${table} (${id} varchar(255) NOT NULL PRIMARY KEY, session_data text NOT NULL)`);
  const users = Array.from({ length: SIGNED_IN }, (_each, index) => `user${index}`);
  const ids = users.map(() => randomBytes(24).toString('base64url'));
  const rows = users.map((userId, index) => `('${ids[index]}', '${JSON.stringify({ userId })}')`);
  await query(database, `INSERT INTO ${table} VALUES ${rows.join(', ')}`);
  const cookieOf = (value) => `dancer.session=${value}`;
  const gone = Array.from({ length: SIGNED_OUT }, () => cookieOf(randomBytes(24).toString('base64url')));
  const signed = [];
  const app = await serveOurs(database, { store: 'dancer2-dbic', extended: true });
  for (const { body, cookie: value } of await each(ids.slice(0, SHARED), (plain) => app.get('/me', cookieOf(plain)))) {
    assert.match(body, /^user\d+$/);
    signed.push(value);
  }
  await app.close();
  await takeOver(
    database,
    { store: 'dancer2-dbic', extended: true },
    { users, cookies: [...signed, ...ids.slice(SHARED).map(cookieOf)], gone, table, id },
  );
  await drop(database, table);
}

let failed = 0;

/** One store on one database, if the command line names it or nothing. */
async function check(name, database, adopt) {
  const title = `${name} on ${database}`;
  const wanted = process.argv.slice(2);
  if (wanted.length > 0 && !wanted.some((part) => title.includes(part))) return;
  const begun = performance.now();
  try {
    await adopt(name, database);
    const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
    console.log(`${title}: ${SIGNED_IN} signed in, 0 of ${SIGNED_OUT} who had signed out, no plain id, in ${seconds} s`);
  } catch (error) {
    failed++;
    console.error(`${title}: FAILED`, error);
  }
}

for (const [name, { on }] of Object.entries(PEERS)) for (const database of on) await check(name, database, adoptPeer);
for (const database of Object.keys(DATABASES)) await check('dancer2-dbic', database, adoptDancer);
rmSync(folder, { recursive: true });
if (failed > 0) process.exitCode = 1;
