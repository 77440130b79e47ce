import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { SessionSerializationError } from '../../lib/session.errors.js';
import type { SessionData } from '../../lib/store/express-session.js';
import { jsonSerializer, type SessionSerializer } from '../../lib/store/serializers/serializer.js';
import { describeEachDatabase } from '../support/databases.js';
import { dueAtEnd, dataOf, loadSession, newSession, readValues, valuesOf } from '../support/store-data.js';
import { HOUR, MINUTE, START, useStores } from '../support/store-fixture.js';

const encode = (data: SessionData) => Buffer.from(JSON.stringify(data)).toString('base64url');
const decode = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString()) as SessionData;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

const SERIALIZERS: Readonly<Record<string, SessionSerializer>> = {
  'of its own format': { name: 'base64', serialize: encode, deserialize: decode },
  'that returns objects which it has frozen': {
    name: 'frozen base64',
    serialize: encode,
    deserialize: (text) => {
      const data = decode(text);
      Object.freeze(data.cookie);
      return Object.freeze(data);
    },
  },
  'that is asynchronous': {
    name: 'slow base64',
    serialize: async (data) => {
      // What is carried is taken when asked, as a cipher would.
      const text = encode(data);
      await turn();
      return text;
    },
    deserialize: async (text) => {
      await turn();
      return decode(text);
    },
  },
};

describeEachDatabase('a serializer', (database) => {
  const { clock, warnings, open, rowOf, rows, alter, statementsOf } = useStores(database);

  describe.each(Object.entries(SERIALIZERS))('%s', (_, serializer) => {
    it('writes and reads what lies in the table', async () => {
      const store = open({ serializer });
      const session = newSession(store, 'a', { views: 1 });
      await session.save();
      expect(valuesOf(decode((await rowOf('a'))!.data))).toEqual({ views: 1 });
      expect(await readValues(store, 'a')).toEqual({ views: 1 });
      expect((await store.all()).map(valuesOf)).toEqual([{ views: 1 }]);
    });

    it('tells changed sessions from unchanged ones', async () => {
      const store = open({ serializer });
      await store.set('a', dataOf({ cart: { tea: 1 } }));
      const session = await loadSession(store, 'a');
      expect(await dueAtEnd(store, session)).toBe('nothing');
      (session.cart as Record<string, number>).tea = 2;
      expect(await dueAtEnd(store, session)).toBe('save');
      await session.save();
      expect(await dueAtEnd(store, session)).toBe('nothing');
      clock.now = START + HOUR;
      expect(await dueAtEnd(store, session)).toBe('touch');
    });

    it('serves sessions that overlap', async () => {
      const store = open({ serializer });
      await store.set('a', dataOf({ n: 0, gone: 1 }));
      const [first, second] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
      delete first.gone;
      await Object.assign(first, { a: 1 }).save();
      await Object.assign(second, { b: 1 }).save();
      expect(await readValues(store, 'a')).toEqual({ n: 0, a: 1, b: 1 });
      expect(valuesOf(second)).toEqual({ n: 0, a: 1, b: 1 });
    });

    it('carries the cookie', async () => {
      const store = open({ serializer });
      await newSession(store, 'a', {}, HOUR).save();
      clock.now += 10 * MINUTE;
      await store.touch('a', (await store.get('a'))!);
      expect((await loadSession(store, 'a')).cookie).toMatchObject({
        originalMaxAge: HOUR,
        expires: new Date(START + HOUR + 10 * MINUTE),
      });
    });

    it('finds what another format wrote undecodable', async () => {
      await open().set('a', dataOf({ views: 1 }));
      const store = open({ serializer });
      expect(await store.get('a')).toBeUndefined();
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain(serializer.name);
    });
  });

  it.each<[string, SessionSerializer['serialize']]>([
    [
      'throws',
      () => {
        throw new Error('cannot');
      },
    ],
    ['rejects', () => Promise.reject(new Error('cannot'))],
  ])('that %s stores nothing', async (_, serialize) => {
    const store = open({ serializer: { ...jsonSerializer, serialize } });
    const cost = await statementsOf(async () => {
      const failed = store.set('a', dataOf());
      await expect(failed).rejects.toBeInstanceOf(SessionSerializationError);
      await expect(failed).rejects.toMatchObject({ cause: { message: 'cannot' } });
    });
    expect(cost).toBe(0);
    expect(await rows()).toEqual([]);
  });

  it.each<[string, SessionSerializer['deserialize']]>([
    [
      'throws',
      () => {
        throw new Error('quotes VISA');
      },
    ],
    ['rejects', () => Promise.reject(new Error('quotes VISA'))],
    ['rejects with what is no error', () => Promise.reject('quotes VISA')],
    ['returns nothing', () => undefined as never],
  ])('that %s reads no session, and its words are not repeated', async (_, deserialize) => {
    const store = open({ serializer: { ...jsonSerializer, deserialize } });
    await store.set('a', dataOf());
    expect(await store.get('a')).toBeUndefined();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).not.toContain('VISA');
  });

  it('that rejects while a changed session is looked at fails that look, and nothing else', async () => {
    let isAway = false;
    let calls = 0;
    const serialize = (data: SessionData) =>
      isAway && ++calls > 1 ? Promise.reject(new Error('the key service is away')) : Promise.resolve(JSON.stringify(data));
    const deserialize = async (text: string) => {
      await turn();
      return JSON.parse(text) as SessionData;
    };
    const store = open({ serializer: { name: 'remote', serialize, deserialize } });
    await store.set('a', dataOf({ views: 1 }));
    const session = Object.assign(await loadSession(store, 'a'), { views: 2 });
    isAway = true;
    await expect(dueAtEnd(store, session)).rejects.toThrow('The session cannot be serialised');
    isAway = false;
    await session.save();
    expect(await readValues(store, 'a')).toEqual({ views: 2 });
  });

  it.each<[string, (run: () => unknown) => unknown]>([
    ['a promise of another set of built-in classes', runInNewContext('(run) => Promise.resolve().then(run)') as never],
    ['what is only thenable', runInNewContext('(run) => ({ then: (done) => done(run()) })') as never],
  ])('may return %s', async (_, later) => {
    const serializer: SessionSerializer = {
      name: 'foreign',
      serialize: (data) => later(() => JSON.stringify(data)) as Promise<string>,
      deserialize: (text) => later(() => JSON.parse(text)) as Promise<SessionData>,
    };
    const store = open({ serializer });
    await store.set('a', dataOf({ views: 1 }));
    expect(await readValues(store, 'a')).toEqual({ views: 1 });
    const session = await loadSession(store, 'a');
    expect(await dueAtEnd(store, session)).toBe('nothing');
    await session.update(() => Object.assign(session, { views: 2 }));
    expect(await readValues(store, 'a')).toEqual({ views: 2 });
    await store.destroy('a');
    await expect(Object.assign(session, { views: 3 }).save()).rejects.toMatchObject({ code: 'SESSION_INTERRUPTED' });
    expect(await rows()).toEqual([]);
  });

  it.each(['serialize', 'serialize later'])('that fails to %s any key alone blames none of them', async (way) => {
    const fail = (data: SessionData): string => {
      if (!('a' in data && 'b' in data)) throw new Error('locked');
      throw new Error('the key service is away');
    };
    const serialize = way === 'serialize' ? fail : async (data: SessionData) => fail(data);
    const store = open({ serializer: { ...jsonSerializer, serialize } });
    await expect(store.set('a', dataOf({ a: 1, b: 2 }))).rejects.toThrow('The session cannot be serialised');
  });

  it.each<[string, unknown]>([
    ['a number', () => 4_111],
    ['nothing', () => undefined],
    ['an object', () => ({ card: 4_111 })],
    ['a promise of a number', () => Promise.resolve(4_111)],
  ])('that returns %s is an error that says so, without the data', async (_, serialize) => {
    const store = open({ serializer: { ...jsonSerializer, serialize: serialize as SessionSerializer['serialize'] } });
    for (const write of [() => store.set('a', dataOf({ views: 1 })), () => newSession(store, 'b', { views: 1 }).save()]) {
      const error: unknown = await write().then(undefined, (reason: unknown) => reason);
      expect(error).toBeInstanceOf(SessionSerializationError);
      expect(String(error)).toMatch(/`serializer` returned no string/);
      expect(String(error)).not.toContain('4111');
    }
    expect(await rows()).toEqual([]);
  });

  it('gets the own keys of a session, its cookie included, and not its members', async () => {
    const seen: string[][] = [];
    const serialize = (data: SessionData) => {
      seen.push(Object.keys(data).toSorted());
      return jsonSerializer.serialize(data);
    };
    const store = open({ serializer: { ...jsonSerializer, serialize } });
    await newSession(store, 'a', { views: 1 }).save();
    expect(new Set(seen.map((keys) => keys.join()))).toEqual(new Set(['cookie,views']));
  });

  it('of a text that is no JSON in a row is never fallen back from', async () => {
    const store = open({ serializer: SERIALIZERS['of its own format']! });
    await store.set('a', dataOf());
    await alter('a', { data: '{"cookie":{},"isAdmin":true}' });
    expect(await store.get('a')).toBeUndefined();
  });
});
