import { expect, it } from 'vitest';
import { newSid, rounds } from '../support/race-rounds.js';
import { describeEachRace, type Race } from '../support/race-settings.js';

/** How often fifty sign in at once; `LIMIT_ROUNDS` makes it more. */
const ROUNDS = Number(process.env.LIMIT_ROUNDS ?? 5);
const LIMIT = 2;

/** So many sign-ins of one user at the same moment, every other at the other instance; resolves to what each was told. */
function signIn({ here, there }: Race, userId: string, count: number) {
  const sids = Array.from({ length: count }, newSid);
  return Promise.all(
    sids.map(async (sid, index) => {
      const told = await (index % 2 ? here : there).create(sid, { userId });
      return { sid, told };
    }),
  );
}

async function liveOf({ here }: Race, signIns: readonly { readonly sid: string }[]): Promise<string[]> {
  const values = await Promise.all(signIns.map(({ sid }) => here.read(sid)));
  return signIns.filter((_, index) => values[index]).map(({ sid }) => sid);
}

describeEachRace(
  'a limit of two sessions',
  (race) => {
    it.each([5, 50])('is kept by %i sign-ins at once, all of which are told that they are done', async (count) => {
      await rounds(
        async (userId) => {
          const signIns = await signIn(race, userId, count);
          expect(new Set(signIns.map(({ told }) => told))).toEqual(new Set(['done']));
          expect(await liveOf(race, signIns)).toHaveLength(LIMIT);
        },
        ROUNDS,
        2,
      );
      expect(await race.rowCount()).toBe(ROUNDS * LIMIT);
    });
  },
  { maxSessionsPerUser: LIMIT, operationTimeout: '30s' },
);

describeEachRace(
  'a limit of two sessions that rejects',
  (race) => {
    it.each([5, 50])('lets in exactly two of %i sign-ins at once', async (count) => {
      await rounds(
        async (userId) => {
          const signIns = await signIn(race, userId, count);
          const done = signIns.filter(({ told }) => told === 'done').map(({ sid }) => sid);
          const refused = signIns.filter(({ told }) => told === 'SESSION_LIMIT');
          expect(refused).toHaveLength(count - LIMIT);
          expect(await liveOf(race, signIns)).toEqual(done);
          expect(done).toHaveLength(LIMIT);
        },
        ROUNDS,
        2,
      );
      expect(await race.rowCount()).toBe(ROUNDS * LIMIT);
    });
  },
  { maxSessionsPerUser: LIMIT, onLimit: 'reject', operationTimeout: '30s' },
);
