import { describe, expect, it } from 'vitest';
import type { SessionStore } from '../../lib/store/session-store.js';
import { describeEachDatabase } from '../support/databases.js';
import { loadSession, newSession, readValues } from '../support/store-data.js';
import { SECOND, useStores } from '../support/store-fixture.js';
import { gateStatements } from '../support/store-gate.js';
import { sessionEnds } from '../support/session-ends.js';

const SID = 'the id of a session';
const TTL = 5 * SECOND;

describeEachDatabase('with `cache`', (database) => {
  const { clock, dataSource, open, statementsOf } = useStores(database);

  /** A store with a cache, one without as another process has it, and a session that the first one has read. */
  async function start(options: Parameters<typeof open>[0] = {}) {
    const [here, there] = [open({ cache: { ttl: '5s' }, ...options }), open(options)];
    await newSession(there, SID, { userId: 'ann', views: 1 }).save();
    const session = await loadSession(here, SID);
    return { here, there, session };
  }

  describe.each(sessionEnds(SID))('%s', (_, end) => {
    it('in this process counts at once', async () => {
      const { here, session } = await start();
      expect(await readValues(here, SID)).toBeDefined();
      await end(here, session);
      expect(await readValues(here, SID)).toBeUndefined();
    });

    it('in this process counts for a read that began before it', async () => {
      const { here, session } = await start();
      clock.now += TTL;
      const gate = gateStatements(dataSource(), /^SELECT/);
      const reading = here.get(SID);
      await gate.reached;
      const ending = end(here, session);
      gate.open();
      await Promise.all([reading, ending]);
      expect(await readValues(here, SID)).toBeUndefined();
    });

    it('in another process counts when the time is over, and the read itself then costs one statement', async () => {
      const { here, there } = await start();
      await end(there, await loadSession(there, SID));
      clock.now += TTL - 1;
      expect(await statementsOf(async () => expect(await readValues(here, SID)).toBeDefined())).toBe(0);
      clock.now += 1;
      expect(await readValues(here, SID)).toBeUndefined();
    });
  });

  it('a session that another process has given a new id, and this one ends, is gone under both', async () => {
    const { here, there, session } = await start();
    const elsewhere = await loadSession(there, SID);
    await elsewhere.rotate();
    expect(await readValues(here, SID)).toBeDefined();
    await here.revoke(session.handle!);
    expect(await readValues(here, SID)).toBeUndefined();
    expect(await readValues(here, elsewhere.id)).toBeUndefined();
  });

  it.each<[string, (store: SessionStore, handle: string) => Promise<unknown>]>([
    ['revoke', (store, handle) => store.revoke(handle)],
    ['revokeUser', (store) => store.revokeUser('ann')],
  ])('%s counts at once for a session that another process has ended', async (_, end) => {
    const { here, there, session } = await start();
    await there.destroy(SID);
    expect(await readValues(here, SID)).toBeDefined();
    await end(here, session.handle!);
    expect(await readValues(here, SID)).toBeUndefined();
  });

  it('a user’s oldest session ends at once by the limit', async () => {
    const { here } = await start({ maxSessionsPerUser: 1 });
    clock.now += SECOND;
    await newSession(here, 'second', { userId: 'ann' }).save();
    expect(await readValues(here, SID)).toBeUndefined();
    expect(await readValues(here, 'second')).toBeDefined();
  });
});
