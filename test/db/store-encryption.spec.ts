import { describe, expect, it } from 'vitest';
import { SessionEntityError, SessionOptionsError, SessionTooLargeError } from '../../lib/session.errors.js';
import type { SessionModuleOptions } from '../../lib/store/options/session-options.js';
import type { SessionEvent } from '../../lib/store/runtime/events.js';
import type { SessionStore } from '../../lib/store/session-store.js';
import { describeEachDatabase, type TestDatabase } from '../support/databases.js';
import { differenceOf, Money, money } from '../support/graphs.js';
import { dataOf, dueAtEnd, loadSession, newSession, readValues, requestOf } from '../support/store-data.js';
import { entityOf, HOUR, useStores } from '../support/store-fixture.js';

const OLD = { id: '2029', secret: 'a key for the data of sessions, 2029' };
const NEW = { id: '2030', secret: Buffer.from('00112233445566778899aabbccddeeff') };
const encryption = { keys: [NEW, OLD] };
const SEALED = /^\$aes256gcm\$2030\$[\w-]+$/;
const VISA = '4111111111111111';

const BINARY_OR_JSON = {
  'better-sqlite3': ['simple-json', 'blob'],
  'sql.js': ['simple-json', 'blob'],
  postgres: ['jsonb', 'json', 'bytea'],
  mariadb: ['json', 'longblob'],
} as const satisfies Record<TestDatabase['name'], readonly string[]>;

const SERIALIZERS: Readonly<Record<string, NonNullable<SessionModuleOptions['serializer']>>> = {
  json: 'json',
  graph: { use: 'graph', options: { classes: { Money: money } } },
  asynchronous: {
    name: 'slow',
    serialize: async (data) => JSON.stringify(data),
    deserialize: async (text) => JSON.parse(text) as never,
  },
};

function eventsOf(store: SessionStore): SessionEvent[] {
  const events: SessionEvent[] = [];
  store.on('undecodable', (event) => void events.push(event));
  return events;
}

describeEachDatabase('encryption', (database) => {
  const { clock, warnings, open, rowOf, rows, alter, statementsOf } = useStores(database);

  describe.each(Object.entries(SERIALIZERS))('of %s', (name, serializer) => {
    it('keeps data that only its keys read, whichever way a row is written', async () => {
      const store = open({ encryption, serializer });
      const values = { card: VISA, ...(name === 'graph' && { price: [new Money(5)] }) };
      await newSession(store, 'inserted', values).save();
      await store.set('upserted', dataOf(values));
      for (const sid of ['inserted', 'upserted']) {
        const before = (await rowOf(sid))!.data;
        expect(before).toMatch(SEALED);
        const session = await loadSession(store, sid);
        expect(await dueAtEnd(store, session)).toBe('nothing');
        await Object.assign(session, { more: 1 }).save();
        expect((await rowOf(sid))!.data).toMatch(SEALED);
        await Object.assign(await loadSession(store, sid), { more: 1, other: [] }).save();
        expect(differenceOf(await readValues(store, sid), { ...values, more: 1, other: [] })).toBeUndefined();
      }
      expect(JSON.stringify(await rows())).not.toContain(VISA);
      expect(await store.all()).toHaveLength(2);
    });

    it('lets requests that overlap merge', async () => {
      const store = open({ encryption, serializer });
      await store.set('a', dataOf({ n: 0 }));
      const [first, second] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
      await Object.assign(first, { a: 1 }).save();
      await Object.assign(second, { b: 1 }).save();
      expect(await readValues(store, 'a')).toEqual({ n: 0, a: 1, b: 1 });
    });
  });

  it('gives equal data another text each time, which is no change', async () => {
    const store = open({ encryption });
    const session = newSession(store, 'a', { n: 1 });
    await session.save();
    const before = (await rowOf('a'))!.data;
    await session.save();
    expect((await rowOf('a'))!.data).not.toBe(before);
    expect(await dueAtEnd(store, session)).toBe('nothing');
  });

  it('S39: makes two rows whose payloads were swapped undecodable, with an event for each', async () => {
    const store = open({ encryption });
    const events = eventsOf(store);
    for (const sid of ['a', 'b']) await newSession(store, sid, { userId: sid }).save();
    const [a, b] = [(await rowOf('a'))!, (await rowOf('b'))!];
    await alter('a', { data: b.data });
    await alter('b', { data: a.data });
    expect([await store.get('a'), await store.get('b')]).toEqual([undefined, undefined]);
    expect(events.map(({ handle, userId }) => [handle, userId])).toEqual([
      [a.handle, 'a'],
      [b.handle, 'b'],
    ]);
    expect(warnings.join()).toMatch(/another row.*another row/);
    await alter('a', { data: a.data });
    expect(await readValues(store, 'a')).toEqual({ userId: 'a' });
  });

  it('reads what an older key has encrypted, and encrypts it anew with the next write', async () => {
    await open({ encryption: { keys: [OLD] } }).set('a', dataOf({ n: 1 }));
    expect((await rowOf('a'))!.data).toMatch(/^\$aes256gcm\$2029\$/);
    const store = open({ encryption });
    const session = await loadSession(store, 'a');
    expect(await dueAtEnd(store, session)).toBe('nothing');
    await Object.assign(session, { n: 2 }).save();
    expect((await rowOf('a'))!.data).toMatch(SEALED);
    expect(await readValues(open({ encryption: { keys: [NEW] } }), 'a')).toEqual({ n: 2 });
  });

  it.each<[string, Partial<SessionModuleOptions>, RegExp]>([
    ['whose key was removed', { encryption: { keys: [OLD] } }, /not in `encryption\.keys`/],
    ['whose key has another secret', { encryption: { keys: [{ ...OLD, id: '2030' }] } }, /not encrypted for its row with this key/],
    ['where there is no encryption', {}, /there is no `encryption`/],
    [
      'with another serializer, and no encryption',
      { serializer: { name: 'any', serialize: () => '', deserialize: () => dataOf() } },
      /no `encryption`/,
    ],
    ['whose key was removed, where plain data is accepted', { encryption: { keys: [OLD], acceptPlain: true } }, /not in/],
  ])('is undecodable %s, and never read as plain', async (_, options, warning) => {
    await open({ encryption }).set('a', dataOf({ card: VISA }));
    const store = open(options);
    const events = eventsOf(store);
    expect(await store.get('a')).toBeUndefined();
    expect(events).toHaveLength(1);
    expect(warnings).toEqual([expect.stringMatching(warning)]);
    expect(warnings[0]).not.toContain((await rowOf('a'))!.data.slice(20));
  });

  it('takes no payload that was changed, in any of its bytes', async () => {
    const store = open({ encryption, onUndecodable: 'error' });
    await store.set('a', dataOf({ n: 1 }));
    const { data } = (await rowOf('a'))!;
    const start = '$aes256gcm$2030$';
    const bytes = Buffer.from(data.slice(start.length), 'base64url');
    for (const at of [0, 11, 12, 20, bytes.length - 16, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      await alter('a', { data: start + changed.toString('base64url') });
      await expect(store.get('a')).rejects.toThrow(/not encrypted for its row with this key/);
    }
    for (const broken of [
      start,
      start.slice(0, -1),
      `${start}AAAA`,
      `${start}${bytes.subarray(0, 27).toString('base64url')}`,
      '$aes256gcm$',
      data.slice(0, -4),
    ]) {
      await alter('a', { data: broken });
      await expect(store.get('a')).rejects.toThrow(/The data of a stored session/);
    }
  });

  it('finds plain data undecodable, unless it is told to accept it', async () => {
    await open().set('a', dataOf({ n: 1 }));
    expect(await open({ encryption }).get('a')).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('`encryption.acceptPlain`')]);
    const store = open({ encryption: { ...encryption, acceptPlain: true } });
    await Object.assign(await loadSession(store, 'a'), { n: 2 }).save();
    expect((await rowOf('a'))!.data).toMatch(SEALED);
    expect(await readValues(open({ encryption }), 'a')).toEqual({ n: 2 });
  });

  it('goes with the row through a new id, and through a touch that stores another age', async () => {
    const store = open({ encryption });
    await newSession(store, 'a', { n: 1 }, HOUR).save();
    const session = await loadSession(store, 'a');
    const req = Object.assign(requestOf(store, 'a'), { session });
    await store.rotate(req as never);
    clock.now += HOUR / 2;
    const touched = (await store.get(req.sessionID))!;
    touched.cookie.originalMaxAge = 2 * HOUR;
    await store.touch(req.sessionID, touched);
    expect(await readValues(store, req.sessionID)).toEqual({ n: 1 });
    expect((await loadSession(store, req.sessionID)).cookie.originalMaxAge).toBe(2 * HOUR);
  });

  it('counts what is stored against the limit', async () => {
    const text = 'x'.repeat(900);
    await open({ maxDataBytes: 1_100 }).set('a', dataOf({ text }));
    await expect(open({ encryption, maxDataBytes: 1_100 }).set('a', dataOf({ text }))).rejects.toBeInstanceOf(SessionTooLargeError);
    await open({ encryption, maxDataBytes: 1_600 }).set('a', dataOf({ text }));
  });

  it('costs a loaded session no statement more', async () => {
    const store = open({ encryption });
    expect(await statementsOf(() => newSession(store, 'a', { n: 1 }).save())).toBe(1);
    const session = await loadSession(store, 'a');
    expect(await statementsOf(() => Object.assign(session, { n: 2 }).save())).toBe(1);
    expect(await statementsOf(() => store.get('a'))).toBe(1);
  });

  it('refuses a row without a handle, and reads none', async () => {
    const store = open({ encryption: { ...encryption, acceptPlain: true } });
    await newSession(store, 'a', { n: 1 }).save();
    const session = await loadSession(store, 'a');
    Object.assign(session, { n: 2 });
    const { handle } = (await rowOf('a'))!;
    await alter('a', { handle: '' });
    expect(await store.get('a')).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('no `handle`')]);
    await open().set('b', dataOf({ n: 1 }));
    await alter('a', { handle });
    await alter('b', { handle: '' });
    await expect(Object.assign(await loadSession(store, 'b'), { n: 2 }).save()).rejects.toBeInstanceOf(SessionEntityError);
    await store.set('b', dataOf({ n: 3 }));
    expect(await readValues(store, 'b')).toEqual({ n: 3 });
  });
});

describeEachDatabase('encrypted data of unknown origin', (database) => {
  const { clock, open, rowOf, rows } = useStores(database);

  it('keeps the handle and the birth of a row that is there', async () => {
    const store = open({ encryption });
    await store.set('a', dataOf({ n: 1 }));
    const before = await rowOf('a');
    clock.now += HOUR;
    await store.set('a', dataOf({ n: 2 }));
    expect(await rowOf('a')).toMatchObject({ handle: before?.handle, createdAt: before?.createdAt, version: 2 });
    expect(await readValues(store, 'a')).toEqual({ n: 2 });
  });

  it('takes the place of a row that has expired', async () => {
    const store = open({ encryption, idleTimeout: '1h' });
    await store.set('a', dataOf({ n: 1 }));
    clock.now += 2 * HOUR;
    await store.set('a', dataOf({ n: 2 }));
    expect(await readValues(store, 'a')).toEqual({ n: 2 });
    expect(await rows()).toHaveLength(1);
  });

  it('ends as one row that can be read where many write one new id at once', async () => {
    const stores = [open({ encryption }), open({ encryption })];
    await Promise.all(Array.from({ length: 20 }, (_, index) => stores[index % 2]!.set('a', dataOf({ index }))));
    expect(await rows()).toHaveLength(1);
    expect(await readValues(stores[0]!, 'a')).toEqual({ index: expect.any(Number) });
  });
});

describeEachDatabase('encryption without a column for the handle', (database) => {
  const { open } = useStores(database, entityOf('id', 'data', 'expiresAt', 'version', 'createdAt'));

  it('is refused at start-up', () => {
    expect(() => open({ encryption })).toThrow(SessionOptionsError);
    expect(() => open({ encryption })).toThrow(/`encryption` needs an entity with columns for handle/);
    expect(() => open()).not.toThrow();
  });
});

describeEachDatabase('encrypted data', (database) => {
  describe.each([...BINARY_OR_JSON[database.name]])('in a %s column', (dataType) => {
    const { open, rows } = useStores(database, { dataType });

    it.each(Object.entries(SERIALIZERS))('of %s comes back', async (_, serializer) => {
      const store = open({ encryption, serializer });
      await newSession(store, 'a', { card: VISA, 'ü ∢': '🙂' }).save();
      await Object.assign(await loadSession(store, 'a'), { more: 1 }).save();
      expect(await readValues(store, 'a')).toEqual({ card: VISA, 'ü ∢': '🙂', more: 1 });
      const [{ data } = { data: undefined }] = await rows();
      expect(typeof data === 'string' ? data : Buffer.from(data as unknown as Uint8Array).toString()).toMatch(SEALED);
    });
  });
});
