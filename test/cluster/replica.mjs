// A PostgreSQL primary and a streaming replica that lags for ever: sessions are read from the primary, the rest of the application from the replica.
import { readFileSync } from 'node:fs';
import { SessionEntity } from 'nestjs-typeorm-session/express';
import { startApp } from './support/app.mjs';
import { Browser } from './support/browser.mjs';
import { Ledger } from './support/ledger.mjs';
import { PostgresServer } from './support/postgres-server.mjs';
import { runScript } from './support/script.mjs';
import { assert, until } from './support/until.mjs';

const ROUNDS = 50;

await runScript('replica', async (scratch, script) => {
  const primary = await PostgresServer.create(scratch, 'primary');
  const replica = await primary.createReplica('replica', { log_statement: 'all' });
  const [{ server_version: version }] = await primary.query('SHOW server_version');
  script.say(`a primary and a streaming replica, PostgreSQL ${version}`);

  const replication = { master: { url: primary.url }, slaves: [{ url: replica.url }] };
  const app = await startApp({ type: 'postgres', replication, synchronize: true });
  const repository = app.dataSource.getRepository(SessionEntity);
  await until('the table is on the replica', () => repository.count());
  await replica.query('SELECT pg_wal_replay_pause()');
  await until('the replay is paused', async () => {
    const [{ state }] = await replica.query('SELECT pg_get_wal_replay_pause_state() AS state');
    assert(state === 'paused', state);
  });

  const ledger = new Ledger();
  const browsers = Array.from({ length: ROUNDS }, (_, index) => new Browser(`browser-${index}`, ledger, () => app));
  for (const browser of browsers) {
    await browser.arrive();
    await browser.put('visits');
    await browser.look();
    await browser.replace(`/sign-in/${browser.name}`);
    await browser.put('cart');
    await browser.replace('/rotate');
    await browser.look();
    await browser.knock();
  }
  const [last] = browsers;
  const listed = await app.store.list({ userId: last.name });
  const counted = await app.store.count();
  await last.signOut();
  await last.knock();

  const onPrimary = await primary.query('SELECT id FROM sessions');
  const throughTypeOrm = await repository.count();
  const [{ received, replayed }] = await replica.query(
    'SELECT pg_last_wal_receive_lsn() AS received, pg_last_wal_replay_lsn() AS replayed',
  );
  const asked = readFileSync(replica.logFile, 'utf8')
    .split('\n')
    .filter((line) => /LOG: {2}(statement|execute)/.test(line));
  const bySessions = asked.filter((line) => line.includes('"sessions"') && !line.includes('COUNT('));

  script.say(`${ledger.figures}; the replica received ${received} and replayed ${replayed}`);
  script.check('every request is answered', ledger.refused === 0, ledger.reasonsGiven);
  script.check('what is saved is read back at once, and what was ended is gone', ledger.wrong.length === 0, ledger.faults);
  script.check('lists and counts see it at once', listed.length === 1 && counted === ROUNDS, `${listed.length} and ${counted}`);
  script.check('the primary holds the sessions', onPrimary.length === ROUNDS - 1, onPrimary.length);
  script.check('a plain repository reads from the replica, which has none of them', throughTypeOrm === 0, throughTypeOrm);
  script.check('the replica was asked by nobody else', asked.length > 0 && bySessions.length === 0, bySessions.length);

  await replica.query('SELECT pg_wal_replay_resume()');
  await until('the replica has caught up', async () => assert((await repository.count()) === ROUNDS - 1, 'not yet'));
  script.check('with the replay resumed the repository sees them', true);
  await app.close();
});
