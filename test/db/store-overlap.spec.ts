import { describe, expect, it } from 'vitest';
import { SessionConflictError, SessionInterruptedError, SessionUnavailableError } from '../../lib/session.errors.js';
import type { SessionData } from '../../lib/store/express-session.js';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, loadSession, readValues, valuesOf } from '../support/store-data.js';
import { failStatements, gateStatements } from '../support/store-gate.js';
import { DAY, MINUTE, useStores } from '../support/store-fixture.js';

const LETTERS = Array.from('abcdefghijklmnopqrstuvwxyz');

describeEachDatabase('requests of one session that overlap', (database) => {
  const { clock, dataSource, open, rows, rowOf, alter } = useStores(database);

  /** Two requests that have loaded the same session. */
  const twoRequests = async (options: Parameters<typeof open>[0], values: Record<string, unknown>) => {
    const [one, two] = [open(options), open(options)];
    await open().set('s', dataOf(values));
    return [await loadSession(one, 's'), await loadSession(two, 's'), one] as const;
  };

  describe('by default are merged', () => {
    it('key by key: each side keeps what it changed, added and removed', async () => {
      const [first, second, store] = await twoRequests({}, { cart: 1, locale: 'en', flash: 'hi', same: true });
      first.cart = 2;
      delete first.flash;
      first.added = 'by the first';
      second.locale = 'de';
      second.other = { by: ['the second'] };
      await first.save();
      await second.save();
      const merged = { cart: 2, locale: 'de', same: true, added: 'by the first', other: { by: ['the second'] } };
      expect(await readValues(store, 's')).toEqual(merged);
      expect(await rowOf('s')).toMatchObject({ version: 3 });
    });

    it.each([1_250, 4_000])('also where data is nested %i levels deep', async (depth) => {
      const deep = (value: string) => JSON.parse('['.repeat(depth) + value + ']'.repeat(depth)) as unknown;
      const [first, second, store] = await twoRequests({}, { deep: deep('1'), kept: deep('2') });
      first.deep = deep('3');
      second.locale = 'de';
      await first.save();
      await second.save();
      const values = await readValues(store, 's');
      expect(JSON.stringify(values)).toBe(JSON.stringify({ deep: deep('3'), kept: deep('2'), locale: 'de' }));
    });

    it('and the session in hand shows the other side’s changes after its save', async () => {
      const [first, second] = await twoRequests({}, { cart: 1, locale: 'en', flash: 'hi' });
      first.cart = 2;
      delete first.flash;
      second.locale = 'de';
      await first.save();
      await second.save();
      expect(valuesOf(second)).toEqual({ cart: 2, locale: 'de' });
      second.locale = 'fr';
      await second.save();
      expect(await rowOf('s')).toMatchObject({ version: 4 });
    });

    it('and the data object that a caller of set holds does, too', async () => {
      const store = open();
      await store.set('s', dataOf({ cart: 1 }));
      const mine = (await store.get('s'))! as SessionData & Record<string, unknown>;
      const theirs = (await store.get('s'))!;
      await store.set('s', Object.assign(theirs, { theirs: true }));
      await store.set('s', Object.assign(mine, { mine: true }));
      expect(valuesOf(mine)).toEqual({ cart: 1, theirs: true, mine: true });
    });

    it('and where both changed one key, the later save wins it', async () => {
      const [first, second, store] = await twoRequests({}, { cart: 1, flag: true });
      first.cart = 2;
      first.flag = false;
      second.cart = 3;
      delete second.flag;
      await first.save();
      await second.save();
      expect(await readValues(store, 's')).toEqual({ cart: 3 });
    });

    it('and a request that changed nothing takes nothing back', async () => {
      const [first, second, store] = await twoRequests({}, { cart: 1 });
      first.cart = 2;
      await first.save();
      await second.save();
      expect(await readValues(store, 's')).toEqual({ cart: 2 });
    });

    it('and the cookie is that of the later save', async () => {
      const [first, second, store] = await twoRequests({}, {});
      Object.assign(first.cookie, { expires: new Date(), originalMaxAge: 5 * MINUTE });
      second.added = true;
      await first.save();
      await second.save();
      expect((await store.get('s'))?.cookie.originalMaxAge).toBeNull();
    });

    it('and two saves of one request after an overlap merge with the newer base', async () => {
      const [first, second, store] = await twoRequests({}, { n: 0 });
      await Object.assign(first, { a: 1 }).save();
      await Object.assign(second, { b: 1 }).save();
      await Object.assign(first, { a: 2 }).save();
      delete first.b;
      await first.save();
      await Object.assign(second, { c: 1 }).save();
      expect(await readValues(store, 's')).toEqual({ n: 0, a: 2, c: 1 });
    });

    it('and 26 parallel sets of different letters all survive', async () => {
      const stores = [open(), open(), open()];
      await stores[0]!.set('s', dataOf({ kept: true }));
      const sessions = await Promise.all(LETTERS.map((_, index) => loadSession(stores[index % stores.length]!, 's')));
      await Promise.all(sessions.map((session, index) => Object.assign(session, { [LETTERS[index]!]: index }).save()));
      const all = Object.fromEntries(LETTERS.map((letter, index) => [letter, index]));
      expect(await readValues(open(), 's')).toEqual({ kept: true, ...all });
      expect(await rowOf('s')).toMatchObject({ version: LETTERS.length + 1 });
    });

    it('and a stored __proto__ key pollutes nothing', async () => {
      const [first, second, store] = await twoRequests({}, { cart: 1 });
      await alter('s', { data: '{"cookie":{},"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}', version: 9 });
      second.mine = true;
      await second.save();
      expect(second.polluted).toBeUndefined();
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
      expect(Object.getPrototypeOf(second)).toBe(Object.getPrototypeOf(first));
      expect(await readValues(store, 's')).toMatchObject({ mine: true });
    });

    it('and a save that loses twice takes nothing over from the first time', async () => {
      const store = open();
      await store.set('s', dataOf({ n: 0 }));
      const session = await loadSession(store, 's');
      await open().set('s', dataOf({ n: 0, flash: 'shown once' }));
      const gate = new Promise<ReturnType<typeof gateStatements>>((resolve) => {
        store.once('merged', () => resolve(gateStatements(dataSource(), /^UPDATE/i)));
      });
      const saved = Object.assign(session, { mine: true }).save();
      const secondTry = await gate;
      await secondTry.reached;
      await open().set('s', dataOf({ n: 1 }));
      secondTry.open();
      await saved;
      expect(await readValues(store, 's')).toEqual({ n: 1, mine: true });
      expect(valuesOf(session)).toEqual({ n: 1, mine: true });
    });

    it('and one that was ended by a logout stays ended', async () => {
      const [first, second] = await twoRequests({}, { cart: 1 });
      await first.destroy();
      second.cart = 2;
      await expect(second.save()).rejects.toBeInstanceOf(SessionInterruptedError);
      expect(await rows()).toEqual([]);
    });

    it('and one that is ended between the two halves of its merge stays ended', async () => {
      const [first, second, store] = await twoRequests({}, { cart: 1 });
      await Object.assign(first, { cart: 2 }).save();
      const gate = gateStatements(dataSource(), /^SELECT/i);
      const saved = Object.assign(second, { other: 1 }).save();
      const outcome = saved.catch((error: unknown) => error);
      await gate.reached;
      await store.destroy('s');
      gate.open();
      expect(await outcome).toBeInstanceOf(SessionInterruptedError);
      expect(await rows()).toEqual([]);
    });

    it('and a merge that the database cuts short is no success', async () => {
      const [first, second, store] = await twoRequests({}, { cart: 1 });
      await Object.assign(first, { cart: 2 }).save();
      const restore = failStatements(dataSource(), /^SELECT/i);
      await expect(Object.assign(second, { other: 1 }).save()).rejects.toBeInstanceOf(SessionUnavailableError);
      restore();
      await second.save();
      expect(await readValues(store, 's')).toEqual({ cart: 2, other: 1 });
    });
  });

  it('with ‘overwrite’ the later save wins as a whole', async () => {
    const [first, second, store] = await twoRequests({ overlap: 'overwrite' }, { cart: 1, locale: 'en' });
    await Object.assign(first, { cart: 2, added: true }).save();
    await Object.assign(second, { locale: 'de' }).save();
    expect(await readValues(store, 's')).toEqual({ cart: 1, locale: 'de' });
    expect(await rowOf('s')).toMatchObject({ version: 3 });
  });

  it('with ‘overwrite’ a row that is gone stays gone', async () => {
    const [first, second] = await twoRequests({ overlap: 'overwrite' }, { cart: 1 });
    await first.destroy();
    await expect(Object.assign(second, { cart: 2 }).save()).rejects.toBeInstanceOf(SessionInterruptedError);
    expect(await rows()).toEqual([]);
  });

  it('with ‘fail’ the later save fails and changes nothing, until it has reloaded', async () => {
    const [first, second, store] = await twoRequests({ overlap: 'fail' }, { cart: 1 });
    await Object.assign(first, { cart: 2 }).save();
    const failed = Object.assign(second, { other: 1 }).save();
    await expect(failed).rejects.toBeInstanceOf(SessionConflictError);
    await expect(failed).rejects.toMatchObject({ code: 'SESSION_CONFLICT', status: 409, expose: true });
    expect(await readValues(store, 's')).toEqual({ cart: 2 });
    const { req } = second as unknown as { req: { session: typeof second } };
    await second.reload();
    expect(req.session).not.toBe(second);
    await Object.assign(req.session, { other: 1 }).save();
    expect(await readValues(store, 's')).toEqual({ cart: 2, other: 1 });
  });

  it('a touch of one never undoes a save of the other', async () => {
    const [first, second, store] = await twoRequests({}, { cart: 1 });
    await Object.assign(first, { cart: 2 }).save();
    clock.now += DAY / 2;
    await store.touch('s', second as never);
    expect(await readValues(store, 's')).toEqual({ cart: 2 });
    expect(await rowOf('s')).toMatchObject({ version: 2 });
  });

  describe('with a merge of the application’s own', () => {
    it('go through it, with base, theirs and mine', async () => {
      const seen: unknown[] = [];
      const merge = (...sides: SessionData[]) => {
        seen.push(sides.map(valuesOf));
        return { ...sides[2]!, sum: sides.reduce((sum, side) => sum + Number(valuesOf(side)?.n), 0) } as SessionData;
      };
      const [first, second, store] = await twoRequests({ merge }, { n: 1 });
      await Object.assign(first, { n: 10 }).save();
      await Object.assign(second, { n: 100 }).save();
      expect(seen).toEqual([[{ n: 1 }, { n: 10 }, { n: 100 }]]);
      expect(await readValues(store, 's')).toEqual({ n: 100, sum: 111 });
      expect(valuesOf(second)).toEqual({ n: 100, sum: 111 });
    });

    it.each([undefined, null, 'text', 5, true, ['list']])(
      'that returns %j fails the save, and the update, and changes nothing',
      async (result) => {
        const [first, second, store] = await twoRequests({ merge: () => result as never }, { userId: 'ann', n: 1 });
        await Object.assign(first, { n: 2 }).save();
        const refused = Object.assign(second, { n: 3 });
        const error = {
          code: 'SESSION_OPTIONS',
          message: expect.stringMatching(/`merge` is .* must be a function that returns .* an object/) as string,
        };
        await expect(refused.save()).rejects.toMatchObject(error);
        await expect(refused.update(() => 1)).rejects.toMatchObject(error);
        expect(await readValues(store, 's')).toEqual({ userId: 'ann', n: 2 });
      },
    );

    it('whose failure fails the save and changes nothing', async () => {
      const merge = () => {
        throw new Error('cannot merge');
      };
      const [first, second, store] = await twoRequests({ merge }, { n: 1 });
      await Object.assign(first, { n: 2 }).save();
      await expect(Object.assign(second, { n: 3 }).save()).rejects.toThrow('cannot merge');
      expect(await readValues(store, 's')).toEqual({ n: 2 });
    });
  });
});
