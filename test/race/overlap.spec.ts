import { expect, it } from 'vitest';
import { atOnce, ROUNDS, rounds } from '../support/race-rounds.js';
import { describeEachRace, twoStores, type Instance, type Race } from '../support/race-settings.js';

/** Two requests, one at each instance, that have loaded the same session. */
async function twoRequests({ here, there }: Race, sid: string, values: Record<string, unknown> = {}) {
  expect(await there.create(sid, values)).toBe('done');
  return [(await here.load(sid))!, (await there.load(sid))!] as const;
}

describeEachRace(
  'requests of one session that end one after the other',
  (race) => {
    const { here, there } = race;

    it('lose no update', async () => {
      await rounds(async (sid) => {
        const [one, other] = await twoRequests(race, sid, { flash: 'hi', kept: 1 });
        expect(await here.save(one, { cart: 1 }, ['flash'])).toBe('done');
        expect(await there.save(other, { locale: 'de' })).toBe('done');
        expect(await here.read(sid)).toEqual({ kept: 1, cart: 1, locale: 'de' });
      });
      expect(await there.takeEvents()).toMatchObject({ merged: ROUNDS });
    });

    it('do not undo a save by a touch, nor a touch by a save', async () => {
      await rounds(async (sid, round) => {
        const [one, other] = await twoRequests(race, sid, { cart: 1 });
        const save = () => there.save(other, { cart: 2 });
        const touch = () => here.touch(one);
        for (const act of round % 2 ? [save, touch] : [touch, save]) expect(await act()).toBe('done');
        expect(await here.read(sid)).toEqual({ cart: 2 });
      });
    });

    it('drop no second save of one session object', async () => {
      await rounds(async (sid) => {
        const [request] = await twoRequests(race, sid);
        const told = await Promise.all([here.save(request, { first: 1 }), here.save(request, { second: 2 })]);
        expect(told).toEqual(['done', 'done']);
        expect(await there.read(sid)).toEqual({ first: 1, second: 2 });
      });
    });
  },
  { settings: twoStores },
);

describeEachRace('requests of one session that end at the same moment', (race) => {
  const { here, there, rowCount, writesOf } = race;

  it('lose no update', async () => {
    await rounds(async (sid, round) => {
      const [one, other] = await twoRequests(race, sid, { flash: 'hi', kept: 1 });
      const told = await atOnce(
        round,
        () => here.save(one, { cart: 1 }, ['flash']),
        () => there.save(other, { locale: 'de' }),
      );
      expect(told).toEqual(['done', 'done']);
      expect(await here.read(sid)).toEqual({ kept: 1, cart: 1, locale: 'de' });
    });
  });

  it('lose no update where each saves again and again', async () => {
    await rounds(async (sid) => {
      const [one, other] = await twoRequests(race, sid);
      const saves = async (instance: Instance, request: number, name: string) => {
        for (const step of [1, 2, 3]) expect(await instance.save(request, { [name]: step, [`${name}${step}`]: true })).toBe('done');
      };
      await Promise.all([saves(here, one, 'a'), saves(there, other, 'b')]);
      const steps = { a1: true, a2: true, a3: true, b1: true, b2: true, b3: true };
      expect(await here.read(sid)).toEqual({ a: 3, b: 3, ...steps });
    });
  });

  it('do not undo a save by a touch', async () => {
    await rounds(async (sid, round) => {
      const [one, other] = await twoRequests(race, sid, { cart: 1 });
      const told = await atOnce(
        round,
        () => here.touch(one),
        () => there.save(other, { cart: 2 }),
      );
      expect(told).toEqual(['done', 'done']);
      expect(await here.read(sid)).toEqual({ cart: 2 });
    });
  });

  it('make one row under a new id of unknown origin, and every write of it is stored', async () => {
    await rounds(async (sid) => {
      const writers = [here, there, here, there, here, there, here, there, here, there];
      const told = await Promise.all(writers.map((instance, writer) => instance.upsert(sid, { writer })));
      expect(told).toEqual(writers.map(() => 'done'));
      expect(await writesOf(sid)).toBe(writers.length);
      expect(await here.read(sid)).toEqual({ writer: expect.any(Number) });
    });
    expect(await rowCount()).toBe(ROUNDS);
  });

  it('let one of many new sessions have an id, and tell the others', async () => {
    await rounds(async (sid) => {
      const makers = [here, there, here, there];
      const told = await Promise.all(makers.map((instance, maker) => instance.create(sid, { maker })));
      expect(told.toSorted()).toEqual(['SESSION_CONFLICT', 'SESSION_CONFLICT', 'SESSION_CONFLICT', 'done']);
      expect(await here.read(sid)).toEqual({ maker: told.indexOf('done') });
    });
    expect(await rowCount()).toBe(ROUNDS);
  });
});

describeEachRace(
  'requests of one session that end at the same moment, with overlap: fail,',
  (race) => {
    const { here, there } = race;

    it('are told where they lose, and nothing of theirs is stored', async () => {
      await rounds(async (sid, round) => {
        const [one, other] = await twoRequests(race, sid);
        const told = await atOnce(
          round,
          () => here.save(one, { cart: 1 }),
          () => there.save(other, { locale: 'de' }),
        );
        expect(told.toSorted()).toEqual(['SESSION_CONFLICT', 'done']);
        expect(await here.read(sid)).toEqual(told[0] === 'done' ? { cart: 1 } : { locale: 'de' });
      });
    });
  },
  { settings: twoStores, overlap: 'fail' },
);
