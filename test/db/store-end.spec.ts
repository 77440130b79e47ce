import { describe, expect, it } from 'vitest';
import { SessionInterruptedError, SessionSerializationError } from '../../lib/session.errors.js';
import type { SessionStore } from '../../lib/store/session-store.js';
import { countUpdatedRows } from '../support/affected-rows.js';
import { describeEachDatabase } from '../support/databases.js';
import { holdStatement } from '../support/held-statement.js';
import { dataOf, loadSession, newSession, readValues, type Data, dueAtEnd } from '../support/store-data.js';
import { listen } from '../support/store-events.js';
import { DAY, entityOf, HOUR, MINUTE, START, useStores } from '../support/store-fixture.js';

const past = { expires: new Date(START - 1) };

/** What a caller may write into the cookie of plain data, to end the session at once. */
const ENDS: [string, Record<string, unknown>][] = [
  ['a moment that has passed', past],
  ['this moment', { expires: new Date(START) }],
  ['a moment that has passed, from JSON', { expires: past.expires.toISOString() }],
  ['the beginning of time', { expires: new Date(0) }],
  ['an age of 0', { originalMaxAge: 0 }],
  ['a negative age', { originalMaxAge: -1 }],
  ['a maxAge of 0', { maxAge: 0 }],
  ['a negative maxAge', { maxAge: -1 }],
  ['a moment that has passed, and an age', { ...past, originalMaxAge: DAY }],
];

/** The same for one hour from now on. */
const HOURS: [string, Record<string, unknown>][] = [
  ['a moment', { expires: new Date(START + HOUR) }],
  ['a moment from JSON', { expires: new Date(START + HOUR).toISOString() }],
  ['a moment that is sooner than its age', { expires: new Date(START + HOUR), originalMaxAge: DAY }],
  ['an age', { originalMaxAge: HOUR }],
  ['a maxAge', { maxAge: HOUR }],
];

/** What the handler of a request writes into the cookie of its session. */
const HANDLER_ENDS: [string, Record<string, unknown>][] = [
  ['maxAge = 0', { maxAge: 0 }],
  ['maxAge = -1', { maxAge: -1 }],
  ['expires = new Date(0)', { expires: new Date(0) }],
];

describeEachDatabase('the end that a cookie names', (database) => {
  const { clock, dataSource, open, rows, rowOf, statementsOf } = useStores(database);
  const endOf = async (sid: string) => Number((await rowOf(sid))?.expiresAt);

  /** Data as `get` gave them, with another cookie. */
  async function loaded(store: SessionStore, cookie: Record<string, unknown>): Promise<Data> {
    const data = (await store.get('a')) as Data;
    Object.assign(data.cookie, cookie);
    return data;
  }

  describe.each(['idle timeout', 'no idle timeout'])('with %s', (title) => {
    const options = title === 'idle timeout' ? ({ idleTimeout: '1d' } as const) : {};

    describe.each(ENDS)('%s', (_, cookie) => {
      it('makes no row of data of unknown origin', async () => {
        const store = open(options);
        const { told } = listen(store);
        await store.set('a', dataOf({ views: 1 }, cookie));
        expect(await rows()).toEqual([]);
        expect(told).toEqual([]);
      });

      it('ends the session in set and in touch, of known and unknown origin', async () => {
        const store = open(options);
        const { names } = listen(store);
        for (const end of [
          () => store.set('a', dataOf({ views: 2 }, cookie)),
          () => store.touch('a', dataOf({ views: 2 }, cookie)),
          async () => store.set('a', await loaded(store, cookie)),
          async () => store.touch('a', await loaded(store, cookie)),
        ]) {
          await store.set('a', dataOf({ views: 1 }));
          await end();
          expect(await store.get('a')).toBeUndefined();
          expect(await rows()).toEqual([]);
          expect(names().slice(-2)).toEqual(['saved', 'destroyed']);
        }
      });
    });

    it.each(HANDLER_ENDS)('%s ends the session of a request, and nothing brings it back', async (_, cookie) => {
      const store = open(options);
      const { told, names } = listen(store);
      await newSession(store, 'a', { userId: 'ada' }, 7 * DAY).save();
      const [session, other] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
      Object.assign(session.cookie, cookie);
      expect(await dueAtEnd(store, session)).toBe('save');
      await session.save();
      expect(await rows()).toEqual([]);
      expect(names()).toEqual(['created', 'signedIn', 'destroyed', 'signedOut']);
      expect(told[2]?.[1]).toMatchObject({ userId: 'ada', reason: 'logout' });
      expect(await dueAtEnd(store, session)).toBe('nothing');
      session.cookie.maxAge = DAY;
      await expect(session.save()).rejects.toBeInstanceOf(SessionInterruptedError);
      await store.touch('a', session as never);
      await expect(Object.assign(other, { views: 1 }).save()).rejects.toBeInstanceOf(SessionInterruptedError);
      await store.touch('a', other as never);
      expect(await rows()).toEqual([]);
    });

    it.each(HANDLER_ENDS)('%s ends the session in a touch, as express-session sends it where no data have changed', async (_, cookie) => {
      const store = open(options);
      await newSession(store, 'a', { views: 1 }, 7 * DAY).save();
      const session = await loadSession(store, 'a');
      Object.assign(session.cookie, cookie);
      session.touch();
      await store.touch('a', session as never);
      expect(await rows()).toEqual([]);
    });

    it.each(HANDLER_ENDS)('%s makes no row of a new session, until it has an end to come', async (_, cookie) => {
      const store = open(options);
      const session = newSession(store, 'a', { views: 1 });
      Object.assign(session.cookie, cookie);
      await session.save();
      expect(await rows()).toEqual([]);
      session.cookie.maxAge = HOUR;
      await session.save();
      expect(await readValues(store, 'a')).toEqual({ views: 1 });
    });
  });

  it('ends a session whose data another request has changed', async () => {
    const store = open();
    await store.set('a', dataOf());
    const [session, other] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
    await Object.assign(other, { views: 1 }).save();
    session.cookie.maxAge = 0;
    await session.save();
    expect(await rows()).toEqual([]);
  });

  it('is no success where the database does not remove the row', async () => {
    const store = open();
    await store.set('a', dataOf());
    const session = await loadSession(store, 'a');
    session.cookie.maxAge = 0;
    session.views = 1;
    await dataSource().query(`ALTER TABLE ${dataSource().entityMetadatas[0]!.tableName} RENAME TO away`);
    try {
      await expect(session.save()).rejects.toThrow();
    } finally {
      await dataSource().query(`ALTER TABLE away RENAME TO ${dataSource().entityMetadatas[0]!.tableName}`);
    }
    await session.save();
    expect(await rows()).toEqual([]);
  });

  describe.each(HOURS)('%s in an hour', (_, cookie) => {
    it('gives a row of an hour', async () => {
      const store = open();
      await store.set('a', dataOf({ views: 1 }, cookie));
      expect(await endOf('a')).toBe(START + HOUR);
      expect(await rowOf('a')).toMatchObject({ pruneAfter: START / HOUR + 1 });
      clock.now = START + HOUR;
      expect(await store.get('a')).toBeUndefined();
    });

    it('shortens the life of a session in set, of known and unknown origin', async () => {
      const store = open();
      for (const origin of ['unknown', 'known']) {
        await store.set('a', dataOf({ views: 1 }));
        expect(await endOf('a')).toBe(START + DAY);
        await store.set('a', origin === 'known' ? await loaded(store, cookie) : dataOf({ views: 1 }, cookie));
        expect(await endOf('a')).toBe(START + HOUR);
      }
    });

    it('shortens the life of a loaded session in touch, and is stored with it', async () => {
      const store = open();
      await store.set('a', dataOf({ views: 1 }, { originalMaxAge: DAY, expires: new Date(START + DAY) }));
      await store.touch('a', await loaded(store, { expires: new Date(START + DAY), ...cookie }));
      expect(await endOf('a')).toBe(START + HOUR);
      expect(await readValues(store, 'a')).toEqual({ views: 1 });
    });

    it('never lengthens a life beyond the absolute end', async () => {
      const store = open({ absoluteTimeout: '30m' });
      await store.set('a', dataOf({ views: 1 }, cookie));
      expect(await endOf('a')).toBe(START + 30 * MINUTE);
      clock.now = START + MINUTE;
      await store.set('a', dataOf({ views: 2 }, cookie));
      await store.touch('a', dataOf({ views: 2 }, cookie));
      clock.now = START + 30 * MINUTE;
      expect(await store.get('a')).toBeUndefined();
    });
  });

  it('shortens a life in a touch of unknown origin, and takes no data along', async () => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }));
    await store.touch('a', dataOf({ views: 2 }, { expires: new Date(START + HOUR).toISOString() }));
    expect(await endOf('a')).toBe(START + HOUR);
    expect(await readValues(store, 'a')).toEqual({ views: 1 });
    expect(await rowOf('a')).toMatchObject({ version: 2 });
  });

  it('stays where it is, however often the session is touched or saved', async () => {
    const store = open({ touchInterval: 0 });
    const end = START + HOUR;
    await store.set('a', dataOf({ views: 1 }, { expires: new Date(end) }));
    for (clock.now = START + MINUTE; clock.now < end; clock.now += MINUTE) {
      const session = await loadSession(store, 'a');
      expect(await dueAtEnd(store, session)).toBe('nothing');
      await store.touch('a', session as never);
      await store.touch('a', dataOf({}, { expires: new Date(end) }));
      await Object.assign(session, { views: clock.now }).save();
      expect(await endOf('a')).toBe(end);
    }
    expect(await store.get('a')).toBeUndefined();
  });

  it('counts again each time that the same data are stored', async () => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }, { originalMaxAge: DAY, expires: new Date(START + DAY) }));
    const data = await loaded(store, { expires: new Date(START + HOUR) });
    for (data.views of [2, 3]) {
      await store.set('a', data);
      expect(await endOf('a')).toBe(START + HOUR);
    }
  });

  it('that the store gave itself is no end: an age starts anew with each save', async () => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }, { originalMaxAge: HOUR }));
    clock.now = START + 30 * MINUTE;
    const data = (await store.get('a')) as Data;
    expect(data.cookie.expires).toEqual(new Date(START + HOUR));
    data.views = 2;
    await store.set('a', data);
    expect(await endOf('a')).toBe(START + 90 * MINUTE);
  });

  it('may be later than a day, too', async () => {
    const store = open();
    await store.set('a', dataOf({}, { expires: new Date(START + 7 * DAY) }));
    expect(await endOf('a')).toBe(START + 7 * DAY);
    await store.touch('a', dataOf({}, { expires: new Date(START + 8 * DAY) }));
    expect(await endOf('a')).toBe(START + 8 * DAY);
  });

  it('costs no write for each moment that it moves', async () => {
    const store = open();
    await store.set('a', dataOf({}, { expires: new Date(START + DAY) }));
    const written = countUpdatedRows(dataSource());
    for (let second = 1; second < 300; second += 30) {
      clock.now = START + second * 1_000;
      await store.touch('a', dataOf({}, { expires: new Date(clock.now + DAY) }));
    }
    expect(written.count).toBe(0);
    clock.now = START + 5 * MINUTE;
    await store.touch('a', dataOf({}, { expires: new Date(clock.now + DAY) }));
    expect(written.count).toBe(1);
  });

  it('does not go beyond an idle timeout that is set, while an age gives way to that', async () => {
    const store = open({ idleTimeout: '2h' });
    await store.set('a', dataOf({}, { expires: new Date(START + HOUR) }));
    await store.set('b', dataOf({}, { expires: new Date(START + 3 * HOUR) }));
    await store.set('c', dataOf({}, { originalMaxAge: HOUR }));
    await store.set('d', dataOf({}, { originalMaxAge: 3 * HOUR }));
    const ends = [await endOf('a'), await endOf('b'), await endOf('c'), await endOf('d')];
    expect(ends).toEqual([START + HOUR, START + 2 * HOUR, START + 2 * HOUR, START + 2 * HOUR]);
  });

  it('is at most a hundred years away', async () => {
    const store = open({ absoluteTimeout: false });
    await store.set('a', dataOf({ views: 1 }, { expires: new Date(8.64e15) }));
    await store.set('b', dataOf({ views: 1 }, { originalMaxAge: Number.MAX_SAFE_INTEGER }));
    expect([await endOf('a'), await endOf('b')]).toEqual([START + 36_525 * DAY, START + 36_525 * DAY]);
  });

  describe('another age of a request’s session', () => {
    it('counts in a touch from then on, shorter or longer', async () => {
      const store = open();
      await newSession(store, 'a', { views: 1 }, 7 * DAY).save();
      for (const age of [HOUR, 14 * DAY]) {
        const session = await loadSession(store, 'a');
        Object.assign(session.cookie, { expires: new Date(), originalMaxAge: age });
        await store.touch('a', session as never);
        expect(await endOf('a')).toBe(START + age);
        expect(store.stateOf(session)?.isEnded).toBe(false);
        expect(await statementsOf(() => store.touch('a', session as never))).toBe(0);
        const again = await loadSession(store, 'a');
        expect([again.cookie.originalMaxAge, again.views]).toEqual([age, 1]);
        expect(await dueAtEnd(store, again)).toBe('nothing');
      }
    });

    it('keeps in a touch what another request has stored, and merges with that later', async () => {
      const store = open();
      await newSession(store, 'a', { views: 1 }, 7 * DAY).save();
      const [session, other] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
      await Object.assign(other, { theme: 'dark' }).save();
      Object.assign(session.cookie, { expires: new Date(), originalMaxAge: HOUR });
      await store.touch('a', session as never);
      expect(await readValues(store, 'a')).toEqual({ views: 1, theme: 'dark' });
      await Object.assign(session, { locale: 'de' }).save();
      expect(await readValues(store, 'a')).toEqual({ views: 1, theme: 'dark', locale: 'de' });
      expect(await endOf('a')).toBe(START + HOUR);
    });

    it('fails no touch of a session that is ended at the same moment, and brings it not back', async () => {
      const store = open();
      await newSession(store, 'a', { views: 1 }, 7 * DAY).save();
      const session = await loadSession(store, 'a');
      const { names } = listen(store);
      Object.assign(session.cookie, { expires: new Date(), originalMaxAge: HOUR });
      const held = holdStatement(dataSource(), /^UPDATE/);
      const touched = store.touch('a', session as never);
      await held.reached;
      await open().destroy('a');
      held.open();
      await touched;
      expect(names()).toEqual(['interrupted']);
      expect(store.stateOf(session)?.isEnded).toBe(true);
      expect(await rows()).toEqual([]);
    });

    it('brings no session back that was ended meanwhile', async () => {
      const store = open({ touchInterval: 0 });
      await newSession(store, 'a', { views: 1 }, 7 * DAY).save();
      const session = await loadSession(store, 'a');
      await store.destroy('a');
      Object.assign(session.cookie, { expires: new Date(), originalMaxAge: 14 * DAY });
      clock.now += 1;
      await store.touch('a', session as never);
      expect(await rows()).toEqual([]);
      expect(store.stateOf(session)?.isEnded).toBe(true);
    });
  });

  describe.each([
    ['an invalid date', new Date(NaN)],
    ['a text that is no date', 'tomorrow'],
    ['an object', {}],
    ['true', true],
    ['a number that is no moment', Infinity],
  ])('that is %s', (_, expires) => {
    it('fails set and touch, and names `cookie.expires`', async () => {
      const store = open();
      await store.set('a', dataOf({ views: 1 }));
      const before = await rows();
      const session = await loadSession(store, 'a');
      Object.assign(session.cookie, { expires });
      expect(await dueAtEnd(store, session)).toBe('save');
      for (const work of [
        () => session.save(),
        () => store.touch('a', session as never),
        () => store.set('a', dataOf({ views: 2 }, { expires })),
        () => store.touch('a', dataOf({}, { expires })),
        async () => store.set('a', await loaded(store, { expires })),
      ]) {
        const failed = work();
        await expect(failed).rejects.toBeInstanceOf(SessionSerializationError);
        await expect(failed).rejects.toThrow('`cookie.expires`');
      }
      expect(await rows()).toEqual(before);
    });
  });
});

describeEachDatabase('the end that a cookie names, without a column for it', (database) => {
  const { clock, open, rows } = useStores(database, entityOf('id', 'data'));

  it.each(ENDS)('%s ends the session in set and in touch, of known and unknown origin', async (_, cookie) => {
    const store = open();
    for (const end of [
      () => store.set('a', dataOf({}, cookie)),
      () => store.touch('a', dataOf({}, cookie)),
      async () => store.set('a', Object.assign((await store.get('a'))!, { cookie })),
      async () => store.touch('a', Object.assign((await store.get('a'))!, { cookie })),
    ]) {
      await store.set('a', dataOf({ views: 1 }));
      await end();
      expect(await rows()).toEqual([]);
    }
  });

  it.each(HOURS)('%s in an hour ends the session then, by set and by touch', async (_, cookie) => {
    const store = open();
    for (const shorten of [
      () => store.set('a', dataOf({ views: 1 }, cookie)),
      async () => store.set('a', Object.assign((await store.get('a'))!, { cookie })),
      async () => store.touch('a', Object.assign((await store.get('a'))!, { cookie })),
    ]) {
      clock.now = START;
      await store.set('a', dataOf({ views: 1 }));
      await shorten();
      clock.now = START + HOUR - 1;
      expect(await readValues(store, 'a')).toEqual({ views: 1 });
      clock.now = START + HOUR;
      expect(await store.get('a')).toBeUndefined();
    }
  });

  it('a moment counts in a touch of unknown origin, earlier or later', async () => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }, { expires: new Date(START + DAY) }));
    for (const end of [START + HOUR, START + 7 * DAY]) {
      await store.touch('a', dataOf({}, { expires: new Date(end) }));
      expect((await store.get('a'))?.cookie.expires).toEqual(new Date(end));
    }
    expect(await readValues(store, 'a')).toEqual({ views: 1 });
  });
});
