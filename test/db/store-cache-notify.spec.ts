import { createHash } from 'node:crypto';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { createSessionStore } from '../../lib/express.js';
import { SessionOptionsError } from '../../lib/session.errors.js';
import { composeStore } from '../../lib/store/compose.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import { hashSessionId } from '../../lib/store/session/id.js';
import { defineSessionEntity } from '../../lib/table/entity/session.entity.js';
import { describeEachDatabase, uniqueTableName } from '../support/databases.js';
import { interceptStatements } from '../support/intercept-statements.js';
import { NoticeWatch } from '../support/notice-watch.js';
import { SECRET } from '../support/secret.js';
import { dataOf, loadSession, newSession, readValues } from '../support/store-data.js';
import { kindsOf, MINUTE, useStores } from '../support/store-fixture.js';
import { sessionEnds } from '../support/session-ends.js';

const SID = 'the id of a session';
/** The clock of these tests stands still, so nothing ends by its time. */
const NOTIFIED = { cache: { ttl: '5s', notify: true } } as const;

describeEachDatabase(
  'with `cache.notify`',
  (database) => {
    const entity = defineSessionEntity({ name: 'NoticeTest', tableName: uniqueTableName() });
    const { clock, dataSource, statements, warnings, open: openStore, rows, statementsOf } = useStores(database, entity);
    let notices: NoticeWatch;

    beforeEach(() => {
      notices = new NoticeWatch();
    });
    afterEach(() => vi.restoreAllMocks());

    /** A store that hears others. */
    const open = async (options: Parameters<typeof openStore>[0] = {}) => {
      const hearing = notices.next('hearing');
      const store = openStore({ ...NOTIFIED, ...options });
      await hearing;
      return store;
    };
    /** Two processes, and a session that the first has in its memory. */
    const start = async () => {
      const [here, there] = [await open(), await open()];
      await newSession(there, SID, { userId: 'ann', views: 1 }).save();
      const session = await loadSession(here, SID);
      return { here, there, session };
    };
    /** The connections that listen for this table. */
    const listeners = async (): Promise<number[]> => {
      const table = createHash('sha256').update(dataSource().getMetadata(entity).tablePath).digest('hex');
      const found: { pid: number }[] = await dataSource().query(`SELECT pid FROM pg_stat_activity WHERE query LIKE $1`, [
        `LISTEN "nestjs_typeorm_session_${table.slice(0, 16)}"%`,
      ]);
      return found.map(({ pid }) => pid);
    };

    it.each(sessionEnds(SID))('what another process ends is gone at once: %s', async (_, end) => {
      const { here, there } = await start();
      const elsewhere = await loadSession(there, SID);
      expect(await statementsOf(async () => expect(await readValues(here, SID)).toBeDefined())).toBe(0);
      const notice = notices.next('notice');
      await end(there, elsewhere);
      await notice;
      expect(await readValues(here, SID)).toBeUndefined();
    });

    it('ends at one time are told in few notices, which name nobody but by a hash', async () => {
      const { there } = await start();
      const ids = Array.from({ length: 60 }, (_, index) => `session ${index}`);
      await Promise.all(ids.map((sid) => newSession(there, sid, { userId: 'bob' }).save()));
      const logged = vi.spyOn(dataSource().logger, 'logQuery');
      await Promise.all(ids.map((sid) => there.destroy(sid)));
      const told = logged.mock.calls.filter(([sql]) => sql.includes('pg_notify')).map(([, values]) => String((values as unknown[])[1]));
      expect(told.length).toBeLessThan(10);
      const words = told.flatMap((notice) => notice.split(' ').slice(1));
      expect(words.filter((word) => !/^(?:\*|[0-9a-f]{64})$/.test(word))).toEqual([]);
      logged.mockClear();
      await there.destroy(SID);
      expect(logged.mock.calls.find(([sql]) => sql.includes('pg_notify'))?.[1]).toEqual([
        expect.stringMatching(/^nestjs_typeorm_session_[0-9a-f]{16}$/),
        expect.stringMatching(new RegExp(`^[0-9a-f]{8} ${hashSessionId(SID)}$`)),
      ]);
    });

    it('saves and touches are told to nobody, and an end costs one statement more', async () => {
      const { there } = await start();
      clock.now += MINUTE;
      const elsewhere = await loadSession(there, SID);
      statements.length = 0;
      await Object.assign(elsewhere, { views: 2 }).save();
      await there.set(SID, dataOf({ views: 3 }));
      clock.now += 10 * MINUTE;
      await there.touch(SID, elsewhere as never);
      expect(statements.filter((sql) => sql.includes('pg_notify'))).toEqual([]);
      statements.length = 0;
      await there.destroy(SID);
      expect(kindsOf(statements)).toEqual(['DELETE', 'SELECT']);
    });

    it('nothing is kept before others are heard, nor after they are not, until they are again', async () => {
      const hearing = notices.next('hearing');
      const store = openStore(NOTIFIED);
      await newSession(store, SID, { views: 1 }).save();
      const readTwice = () => statementsOf(async () => (await store.get(SID), await store.get(SID)));
      await hearing;
      expect(await readTwice()).toBe(1);
      const [deaf, again] = [notices.next('deaf'), notices.next('hearing')];
      const [pid] = await listeners();
      await dataSource().query(`SELECT pg_terminate_backend(${pid})`);
      await deaf;
      expect(await readTwice()).toBe(2);
      expect(warnings).toEqual([expect.stringMatching(/^No notices of other processes arrive now/)]);
      await again;
      expect(await readTwice()).toBe(1);
      expect(warnings).toHaveLength(1);
      expect(await listeners()).not.toContain(pid);
    });

    it('nothing is kept behind a pooler that listens for nobody, and a warning says so', async () => {
      onTestFinished(interceptStatements(dataSource(), async (sql, send) => (sql.includes('pg_notify') ? [] : send())));
      const store = openStore({ ...NOTIFIED, operationTimeout: 200 });
      await newSession(store, SID, { views: 1 }).save();
      await vi.waitFor(() => expect(warnings).toEqual([expect.stringMatching(/did not arrive within 200 ms.*pooler/)]), 20_000);
      expect(await statementsOf(async () => (await store.get(SID), await store.get(SID)))).toBe(2);
    });

    it('an end that cannot be told stands, and a warning says so once', async () => {
      const { there } = await start();
      const restore = interceptStatements(dataSource(), async (sql, send) => {
        if (sql.includes('pg_notify')) throw new Error('refused');
        return send();
      });
      await there.destroy(SID);
      await newSession(there, SID, {}).save();
      await there.destroy(SID);
      restore();
      expect(await rows()).toEqual([]);
      expect(warnings).toEqual([expect.stringMatching(/^Other processes could not be told.*refused/)]);
    });

    it('a store that is closed before it hears others leaves no connection', async () => {
      await openStore(NOTIFIED).close();
      await vi.waitFor(async () => expect(await listeners()).toEqual([]), 20_000);
      expect(warnings).toEqual([]);
    });

    it('the connection ends with the store, whichever ends first: the store or the data source', async () => {
      const store = await open();
      expect(await listeners()).toHaveLength(1);
      await store.close();
      await vi.waitFor(async () => expect(await listeners()).toEqual([]), 20_000);
      const own = new DataSource({ ...database.options, entities: [entity] });
      await own.initialize();
      const hearing = notices.next('hearing');
      const resolved = resolveOptions({
        secret: SECRET,
        entity,
        prune: false,
        ...NOTIFIED,
      });
      const other = composeStore(resolved, { dataSource: own, warn: () => undefined });
      await hearing;
      await own.destroy();
      await other.close();
      await vi.waitFor(async () => expect(await listeners()).toEqual([]), 20_000);
    });

    it('is an error where the connections are not those of the driver', async () => {
      const { driver } = dataSource() as unknown as { driver: { master: { Client?: unknown } } };
      const { Client } = driver.master;
      driver.master.Client = undefined;
      onTestFinished(() => void (driver.master.Client = Client));
      expect(() => openStore(NOTIFIED)).toThrow(SessionOptionsError);
      expect(() => openStore(NOTIFIED)).toThrow(/`cache\.notify` cannot listen.*Remove it/);
    });
  },
  ['postgres'],
);

describeEachDatabase(
  'without notices, `cache.notify`',
  (database) => {
    it('is an error that says so', async () => {
      const options = { connection: database.options, prune: false, ...NOTIFIED } as const;
      expect(() => createSessionStore(options)).toThrow(/`cache\.notify` needs PostgreSQL/);
      expect(() => createSessionStore(options)).toThrow(SessionOptionsError);
    });
  },
  ['better-sqlite3', 'sql.js', 'mariadb'],
);
