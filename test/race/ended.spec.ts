import { describe, expect, it } from 'vitest';
import type { Told } from '../support/race-instance.js';
import { atOnce, ROUNDS, rounds } from '../support/race-rounds.js';
import { describeEachRace, twoStores, type Race } from '../support/race-settings.js';

const HOUR = 3_600_000;

/** The ways to end a session at the second instance, with how many rows are left of it. */
const ENDS: readonly { by: string; left: number; end: (race: Race, sid: string, request: number) => Promise<unknown> }[] = [
  { by: 'a logout', left: 0, end: ({ there }, _, request) => there.destroy(request) },
  { by: 'a regeneration', left: 1, end: ({ there }, _, request) => there.regenerate(request, { user: 'eve' }) },
  { by: 'SQL', left: 0, end: (race, sid) => race.removeRow(sid) },
];

describeEachRace(
  'a session that ended while a request held it',
  (race) => {
    const { here, there } = race;

    describe.each(ENDS)('by $by', ({ end, left }) => {
      const holdAndEnd = async (sid: string) => {
        await here.create(sid, { user: 'ada' });
        const [held, ending] = [await here.load(sid), await there.load(sid)];
        await end(race, sid, ending!);
        return held!;
      };

      it('is not revived by a save, which is told so', async () => {
        await rounds(async (sid) => {
          const held = await holdAndEnd(sid);
          expect(await here.save(held, { theme: 'dark' })).toBe('SESSION_INTERRUPTED');
          expect(await here.save(held)).toBe('SESSION_INTERRUPTED');
          expect(await there.read(sid)).toBeUndefined();
        });
        expect(await race.rowCount()).toBe(left * ROUNDS);
        expect(await here.takeEvents()).toMatchObject({ interrupted: ROUNDS });
      });

      it('is not revived by a touch, which is no error', async () => {
        await rounds(async (sid) => {
          const held = await holdAndEnd(sid);
          expect(await here.touch(held)).toBe('done');
          expect(await there.read(sid)).toBeUndefined();
        });
        expect(await race.rowCount()).toBe(left * ROUNDS);
        expect(await here.takeEvents()).toMatchObject({ interrupted: ROUNDS });
      });
    });

    describe('by its expiry', () => {
      const holdUntilExpired = async () => {
        const held = new Map<string, number>();
        await rounds(async (sid) => {
          await there.create(sid, { user: 'ada' });
          held.set(sid, (await here.load(sid))!);
        });
        race.advance(2 * HOUR);
        return [...held];
      };

      it('is not prolonged by a touch', async () => {
        const held = await holdUntilExpired();
        await rounds(async (_, round) => {
          const [sid, request] = held[round]!;
          expect(await here.touch(request)).toBe('done');
          expect(await there.read(sid)).toBeUndefined();
        });
        expect(await here.takeEvents()).toMatchObject({ interrupted: ROUNDS });
        // A row whose times had moved would stay.
        race.advance(HOUR);
        expect(await there.prune()).toBe(ROUNDS);
      });

      it('is not prolonged by a touch of unknown origin', async () => {
        const held = await holdUntilExpired();
        await rounds(async (_, round) => {
          const [sid] = held[round]!;
          expect(await here.touchUnknown(sid)).toBe('done');
          expect(await there.read(sid)).toBeUndefined();
        });
        race.advance(HOUR);
        expect(await there.prune()).toBe(ROUNDS);
      });
    });

    it('is not made by a touch where it never was, which is no error', async () => {
      await rounds(async (sid) => {
        expect(await here.touchUnknown(sid)).toBe('done');
      });
      expect(await race.rowCount()).toBe(0);
    });
  },
  { settings: twoStores, idleTimeout: '1h' },
);

describeEachRace(
  'a session that ends at the moment',
  (race) => {
    const { here, there } = race;

    it.each(ENDS)('at which it is saved and touched, by $by, is not revived', async ({ end, left }) => {
      const outcomes = new Set<Told>();
      await rounds(async (sid, round) => {
        await here.create(sid, { user: 'ada' });
        const [mine, touching] = [(await here.load(sid))!, (await here.load(sid))!];
        const [theirs, ending] = [(await there.load(sid))!, (await there.load(sid))!];
        // One of the saves loses to the other, and reads the row again.
        const write = () => Promise.all([here.save(mine, { theme: 'dark' }), there.save(theirs, { locale: 'de' }), here.touch(touching)]);
        const [told] = await atOnce(round, write, () => end(race, sid, ending));
        for (const one of told) outcomes.add(one);
        expect(await here.read(sid)).toBeUndefined();
      });
      expect(outcomes).toEqual(new Set(['done', 'SESSION_INTERRUPTED']));
      expect(await race.rowCount()).toBe(left * ROUNDS);
    });

    it('at which it is saved, by a regeneration, leaves nothing to the session after it', async () => {
      await rounds(async (sid, round) => {
        await here.create(sid, { user: 'ada' });
        const [held, login] = [(await here.load(sid))!, (await there.load(sid))!];
        const save = () => here.save(held, { theme: 'dark' });
        const [, renewed] = await atOnce(round, save, () => there.regenerate(login, { user: 'eve' }));
        expect(renewed.told).toBe('done');
        expect(await here.read(renewed.sid)).toEqual({ user: 'eve' });
      });
    });

    it('at which it is saved, by being pruned, lives on or its save is told', async () => {
      const held = new Map<string, number>();
      await rounds(async (sid) => {
        await there.create(sid, { user: 'ada' });
        held.set(sid, (await here.load(sid))!);
      });
      race.advance(3 * HOUR);
      const requests = [...held];
      let kept = 0;
      const saving = rounds(async (_, round) => {
        const [sid, request] = requests[round]!;
        const told = await here.save(request, { theme: 'dark' });
        if (told === 'done') kept++;
        else expect(told).toBe('SESSION_INTERRUPTED');
        expect(await there.read(sid)).toEqual(told === 'done' ? { user: 'ada', theme: 'dark' } : undefined);
      });
      // Row by row, while the saves go on.
      const [pruned] = await Promise.all([there.prune(), saving]);
      expect(await race.rowCount()).toBe(kept);
      expect(pruned).toBe(ROUNDS - kept);
    });
  },
  { idleTimeout: '1h', prune: { batchSize: 1 } },
);
