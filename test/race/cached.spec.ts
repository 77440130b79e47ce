import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { describeEachDatabase } from '../support/databases.js';
import { atOnce, rounds as playRounds } from '../support/race-rounds.js';
import { describeEachRace, settingsOf, useRace, type Instance, type Race } from '../support/race-settings.js';
import { Stress } from '../support/race-stress.js';

/** How often each race is run; `CACHE_ROUNDS=200` is the full run. */
const ROUNDS = Number(process.env.CACHE_ROUNDS ?? 15);
const TTL = 3_600_000;
const CACHE = { cache: { ttl: TTL }, touchInterval: 0 } as const;

const rounds = (play: Parameters<typeof playRounds>[0], abreast?: number): Promise<void> => playRounds(play, ROUNDS, abreast);

/** Each round has a user of its own. */
const userOf = (sid: string): string => `user of ${sid}`;

/** The ways to end a session, or its id, with how many rows are left of it. */
const ENDS: readonly { by: string; left: number; end: (at: Instance, sid: string) => Promise<unknown> }[] = [
  { by: 'a logout', left: 0, end: async (at, sid) => at.destroy((await at.load(sid))!) },
  { by: 'a rotation', left: 1, end: async (at, sid) => at.rotate((await at.load(sid))!) },
  { by: 'a sign-in', left: 1, end: async (at, sid) => at.login((await at.load(sid))!, 'eve') },
  { by: 'revoke', left: 0, end: async (at, sid) => at.revoke(await at.handleOf((await at.load(sid))!)) },
  { by: 'revokeUser', left: 0, end: (at, sid) => at.revokeUser(userOf(sid)) },
];

/** Requests that read a session one turn after the other, some of which keep it in memory and some of which find it there. */
async function read(at: Instance, sid: string): Promise<unknown[]> {
  const reads: Promise<unknown>[] = [];
  for (let turn = 0; turn < 6; turn++) {
    reads.push(at.read(sid));
    await setImmediate();
  }
  return Promise.all(reads);
}

/** Of as many reads, nothing. */
const NOTHING = Array.from({ length: 6 }, () => undefined);

describeEachRace(
  'a session in the memory of a process',
  (race) => {
    const { here, there } = race;
    const create = (sid: string) => there.create(sid, { userId: userOf(sid) });

    it('loses nothing of what both processes save at the same moment, and from old copies', async () => {
      const sids: string[] = [];
      await rounds(async (sid, round) => {
        await create(sid);
        const [mine, theirs] = [(await here.load(sid))!, (await there.load(sid))!];
        const saves = await atOnce(
          round,
          () => here.save(mine, { a: round }),
          () => there.save(theirs, { b: round }),
        );
        // Whichever was first, the other process may still have what it was before.
        const [old, older] = [(await here.load(sid))!, (await there.load(sid))!];
        const others = await atOnce(
          round + 7,
          () => there.save(older, { c: round }),
          () => here.save(old, { d: round }),
        );
        expect([...saves, ...others]).toEqual(['done', 'done', 'done', 'done']);
        sids[round] = sid;
      });
      race.advance(TTL);
      for (const [round, sid] of sids.entries()) {
        const values = { userId: userOf(sid), a: round, b: round, c: round, d: round };
        expect([await here.read(sid), await there.read(sid)]).toEqual([values, values]);
      }
    });

    it('loses nothing of what both processes update', async () => {
      const sids: string[] = [];
      await rounds(async (sid, round) => {
        await create(sid);
        const add = async (at: Instance, item: string) => at.add((await at.load(sid))!, item);
        await Promise.all(['a', 'b', 'c', 'd'].map((item, index) => add(index % 2 ? here : there, item)));
        expect(await add(here, 'e')).toBe('done');
        expect(await add(there, 'f')).toBe('done');
        sids[round] = sid;
      }, 10);
      race.advance(TTL);
      for (const sid of sids) {
        const { cart } = (await here.read(sid)) as { cart: string[] };
        expect(cart.toSorted()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
      }
    });

    describe.each(ENDS)('that is ended by $by', ({ end, left }) => {
      it('in the same process, at the moment at which it is read, is gone at once', async () => {
        await rounds(async (sid, round) => {
          await create(sid);
          await atOnce(
            round,
            () => read(here, sid),
            () => end(here, sid),
          );
          expect(await read(here, sid)).toEqual(NOTHING);
        });
        expect(await race.rowCount()).toBe(left * ROUNDS);
      });

      it('in another process is gone when the time is over, and revived by nobody', async () => {
        const sids: string[] = [];
        await rounds(async (sid, round) => {
          await create(sid);
          const held = (await here.load(sid))!;
          await atOnce(
            round,
            () => read(here, sid),
            () => end(there, sid),
          );
          // From the memory, where it is still there: neither stored nor touched.
          const late = await here.load(sid);
          if (round % 2) expect(await here.save(late ?? held, { theme: 'dark' })).toBe('SESSION_INTERRUPTED');
          else expect(await here.touch(late ?? held)).toBe('done');
          // The write has found that it is gone.
          expect(await read(here, sid)).toEqual(NOTHING);
          sids[round] = sid;
        });
        expect(await race.rowCount()).toBe(left * ROUNDS);
        race.advance(TTL);
        for (const sid of sids) expect(await here.read(sid)).toBeUndefined();
      });

      it('in another process is read for the time at most', async () => {
        const sids: string[] = [];
        await rounds(async (sid, round) => {
          await create(sid);
          await here.load(sid);
          await end(there, sid);
          expect(await here.read(sid)).toMatchObject({ userId: userOf(sid) });
          sids[round] = sid;
        });
        race.advance(TTL);
        for (const sid of sids) expect(await here.read(sid)).toBeUndefined();
      });
    });
  },
  CACHE,
);

describeEachDatabase(
  'a session in the memory of a process that hears of others',
  (database) => {
    describe.each(settingsOf(database))('between %s', (setting) => {
      const race = useRace(database, setting, { ...CACHE, cache: { ttl: TTL, notify: true } });
      const { here, there } = race;

      it.each(ENDS)('is gone at once when it is ended by $by, and stays gone', async ({ end }) => {
        await hears(race);
        await rounds(async (sid, round) => {
          await there.create(sid, { userId: userOf(sid) });
          await here.load(sid);
          await atOnce(
            round,
            () => read(here, sid),
            () => end(there, sid),
          );
          await vi.waitFor(async () => expect(await here.read(sid)).toBeUndefined(), { interval: 1, timeout: 5_000 });
          expect(await read(here, sid)).toEqual(NOTHING);
        }, 20);
      });
    });
  },
  ['postgres'],
);

/** Resolves when the one process keeps in its memory what it has read: it hears of the other one. */
async function hears({ here, removeRow }: Race): Promise<void> {
  let round = 0;
  await vi.waitFor(
    async () => {
      const sid = `probe ${round++}`;
      await here.create(sid, { probe: true });
      await here.load(sid);
      await removeRow(sid);
      expect(await here.read(sid)).toEqual({ probe: true });
    },
    { interval: 10, timeout: 5_000 },
  );
}

const WORKERS = 50;
const seconds = Number(process.env.STRESS_SECONDS ?? 3);

describeEachDatabase(`${WORKERS} workers on the sessions in the memory of one process for ${seconds} s`, (database) => {
  const race = useRace(database, 'two stores', CACHE);
  const { here } = race;

  it('revive nothing, lose nothing and are told where they lose', { timeout: seconds * 2_000 + 30_000 }, async () => {
    const revoke = async (sid: string) => {
      const request = await here.load(sid);
      return request !== undefined && here.revoke(await here.handleOf(request));
    };
    const report = await new Stress({ ...race, there: here, removeRow: revoke }, 8).run(WORKERS, seconds * 1_000);
    if (process.env.STRESS_SECONDS) console.log(database.name, report);
    expect(report.violations).toEqual([]);
    expect(report.counts).toMatchObject({ 'save done': expect.any(Number), 'save SESSION_INTERRUPTED': expect.any(Number) });
  });
});
