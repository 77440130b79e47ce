import { describe, expect, it } from 'vitest';
import type { SessionModuleOptions } from '../../lib/store/options/session-options.js';
import type { SessionStore } from '../../lib/store/session-store.js';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, newSession, requestOf, type LiveSession } from '../support/store-data.js';
import { listen } from '../support/store-events.js';
import { entityOf, HOUR, kindsOf, MINUTE, useStores } from '../support/store-fixture.js';

const SID = 'the secret id';
const FIRST = { ip: '192.0.2.7', headers: { 'user-agent': 'Browser/1.0' } };
const SECOND = { ip: '198.51.100.9', headers: { 'user-agent': 'Browser/2.0' } };

/** A new session on a request of this client. */
function begin(store: SessionStore, client: object): LiveSession {
  const session = newSession(store, SID, { views: 1 });
  Object.assign((session as unknown as { req: object }).req, client);
  return session;
}

/** The session as a request of this client loads it. */
async function load(store: SessionStore, client: object): Promise<LiveSession> {
  const req = Object.assign(requestOf(store, SID), client);
  return store.createSession(req, (await store.get(SID))!) as unknown as LiveSession;
}

describeEachDatabase('the client of a session', (database) => {
  const { clock, statements, open, rowOf } = useStores(database);
  const clientOf = async () => {
    const { ipAddress, userAgent } = (await rowOf(SID))!;
    return { ipAddress, userAgent };
  };
  const first = { ipAddress: '192.0.2.7', userAgent: 'Browser/1.0' };
  const second = { ipAddress: '198.51.100.9', userAgent: 'Browser/2.0' };

  it.each<[string, Partial<SessionModuleOptions>, object]>([
    ['nothing by default', {}, { ipAddress: null, userAgent: null }],
    ['nothing with false', { metadata: false }, { ipAddress: null, userAgent: null }],
    ['address and agent with true', { metadata: true }, first],
    ['a network with prefix', { metadata: { ip: 'prefix' } }, { ...first, ipAddress: '192.0.2.0/24' }],
    ['what a function returns', { metadata: (req) => ({ userAgent: `of ${req.ip}` }) }, { ipAddress: null, userAgent: 'of 192.0.2.7' }],
  ])('is written with the INSERT: %s', async (_, options, expected) => {
    const session = begin(open(options), FIRST);
    statements.length = 0;
    await session.save();
    expect(kindsOf(statements)).toEqual(['INSERT']);
    expect(await clientOf()).toEqual(expected);
  });

  it('is shown by lists', async () => {
    const store = open({ metadata: true });
    await begin(store, FIRST).save();
    expect(await store.list()).toEqual([expect.objectContaining(first)]);
  });

  it('costs no statement while it is the same', async () => {
    const store = open({ metadata: true });
    await begin(store, FIRST).save();
    const session = await load(store, FIRST);
    statements.length = 0;
    await Object.assign(session, { views: 2 }).save();
    clock.now += HOUR;
    await store.touch(SID, session as never);
    expect(kindsOf(statements)).toEqual(['UPDATE', 'UPDATE']);
  });

  it('is replaced where a save writes anyway, by one statement', async () => {
    const store = open({ metadata: true });
    await begin(store, FIRST).save();
    const session = await load(store, SECOND);
    statements.length = 0;
    await Object.assign(session, { views: 2 }).save();
    expect(kindsOf(statements)).toEqual(['UPDATE', 'UPDATE']);
    expect(await clientOf()).toEqual(second);
    statements.length = 0;
    await Object.assign(session, { views: 3 }).save();
    expect(statements).toHaveLength(1);
  });

  it('is replaced where a touch writes anyway, and not where none is due', async () => {
    const store = open({ metadata: true });
    await begin(store, FIRST).save();
    const session = await load(store, SECOND);
    clock.now += 1;
    await store.touch(SID, session as never);
    expect(await clientOf()).toEqual(first);
    clock.now += HOUR;
    await store.touch(SID, session as never);
    expect(await clientOf()).toEqual(second);
  });

  it('is replaced where a touch stores another age of the cookie', async () => {
    const store = open({ metadata: true });
    await begin(store, FIRST).save();
    const session = await load(store, SECOND);
    (session.cookie as { originalMaxAge: number }).originalMaxAge = 5 * MINUTE;
    await store.touch(SID, session as never);
    expect(await clientOf()).toEqual(second);
  });

  it('is cut to its column, and then the same', async () => {
    const store = open({ metadata: true });
    const client = { ...FIRST, headers: { 'user-agent': 'x'.repeat(400) } };
    await begin(store, client).save();
    expect((await clientOf()).userAgent).toBe('x'.repeat(255));
    const session = await load(store, client);
    statements.length = 0;
    await Object.assign(session, { views: 2 }).save();
    expect(statements).toHaveLength(1);
  });

  it('is in the events of its session, and only with the option', async () => {
    const store = open({ metadata: true });
    const events = listen(store);
    const session = begin(store, FIRST);
    await session.save();
    await session.destroy();
    expect(events.told).toEqual([
      ['created', expect.objectContaining(first)],
      ['destroyed', expect.objectContaining(first)],
    ]);
    const silent = open();
    const { told } = listen(silent);
    await begin(silent, FIRST).save();
    expect(told.map(([name, { ipAddress, userAgent }]) => [name, ipAddress, userAgent])).toEqual([['created', undefined, undefined]]);
  });

  it('is not known of data that is on no request', async () => {
    const store = open({ metadata: true });
    await store.set(SID, dataOf({ req: { ip: '192.0.2.7', headers: {} } }));
    expect(await clientOf()).toEqual({ ipAddress: null, userAgent: null });
  });

  it('fails what it is needed for where its function throws, and nothing is stored', async () => {
    const metadata = () => {
      throw new Error('a mistake of the application');
    };
    await expect(begin(open({ metadata }), FIRST).save()).rejects.toThrow('a mistake of the application');
    expect(await rowOf(SID)).toBeUndefined();
  });
});

describeEachDatabase('the client of a session without columns for it', (database) => {
  const { clock, statements, warnings, open } = useStores(database, entityOf('id', 'data', 'expiresAt', 'lastSeenAt', 'version'));

  describe('of both kinds', () => {
    it('is not kept, costs nothing, and one warning says so', async () => {
      const store = open({ metadata: true });
      await begin(store, FIRST).save();
      const session = await load(store, SECOND);
      statements.length = 0;
      await Object.assign(session, { views: 2 }).save();
      clock.now += HOUR;
      await store.touch(SID, session as never);
      expect(statements).toHaveLength(2);
      expect(warnings).toEqual([expect.stringMatching(/`metadata` keeps no address.*`metadata` keeps no user agent/)]);
    });

    it('is not missed without the option', async () => {
      await begin(open(), FIRST).save();
      expect(warnings.join()).not.toContain('metadata');
    });
  });
});
