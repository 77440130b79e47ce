import { describe, expect, it } from 'vitest';
import type { Told } from '../support/race-instance.js';
import { atOnce, ROUNDS, rounds } from '../support/race-rounds.js';
import { describeEachRace, type Race } from '../support/race-settings.js';

const WAYS: readonly { by: string; end: (race: Race, sid: string, handle: string) => Promise<unknown> }[] = [
  { by: 'revoke', end: ({ there }, _, handle) => there.revoke(handle) },
  { by: 'revokeUser', end: ({ there }, sid) => there.revokeUser(userOf(sid)) },
];

/** Each round has a user of its own. */
const userOf = (sid: string): string => `user of ${sid}`;

describeEachRace(
  'a session that is revoked',
  (race) => {
    const { here, there } = race;
    const create = (sid: string) => here.create(sid, { userId: userOf(sid) });

    describe.each(WAYS)('by $by', ({ end }) => {
      it('while a request holds it, is not revived by a save, which is told so', async () => {
        await rounds(async (sid) => {
          await create(sid);
          const held = (await here.load(sid))!;
          await end(race, sid, await here.handleOf(held));
          expect(await here.save(held, { theme: 'dark' })).toBe('SESSION_INTERRUPTED');
          expect(await here.touch(held)).toBe('done');
          expect(await there.read(sid)).toBeUndefined();
        });
        expect(await race.rowCount()).toBe(0);
        expect(await here.takeEvents()).toMatchObject({ interrupted: ROUNDS });
        expect(await there.takeEvents()).toMatchObject({ destroyed: ROUNDS });
      });

      it('at the moment at which it is saved and touched, is not revived', async () => {
        const outcomes = new Set<Told>();
        await rounds(async (sid, round) => {
          await create(sid);
          const [mine, touching] = [(await here.load(sid))!, (await here.load(sid))!];
          const theirs = (await there.load(sid))!;
          const handle = await here.handleOf(mine);
          const write = () => Promise.all([here.save(mine, { theme: 'dark' }), there.save(theirs, { locale: 'de' }), here.touch(touching)]);
          const [told] = await atOnce(round, write, () => end(race, sid, handle));
          for (const one of told) outcomes.add(one);
          expect(await here.read(sid)).toBeUndefined();
        });
        expect(outcomes).toEqual(new Set(['done', 'SESSION_INTERRUPTED']));
        expect(await race.rowCount()).toBe(0);
      });

      it('at the moment at which it is rotated, is ended under its new id', async () => {
        await rounds(async (sid, round) => {
          await create(sid);
          const request = (await here.load(sid))!;
          const handle = await here.handleOf(request);
          const [rotated] = await atOnce(
            round,
            () => here.rotate(request),
            () => end(race, sid, handle),
          );
          expect(await there.read(sid)).toBeUndefined();
          expect(await there.read(rotated.sid)).toBeUndefined();
        });
        expect(await race.rowCount()).toBe(0);
      });

      it('twice at the same moment, is ended once', async () => {
        await rounds(async (sid, round) => {
          await create(sid);
          const handle = await here.handleOf((await here.load(sid))!);
          await atOnce(
            round,
            () => end({ ...race, there: here }, sid, handle),
            () => end(race, sid, handle),
          );
        });
        const [mine, theirs] = [await here.takeEvents(), await there.takeEvents()];
        expect((mine.destroyed ?? 0) + (theirs.destroyed ?? 0)).toBe(ROUNDS);
      });
    });

    it('with everybody’s, at the moment at which it is saved and rotated, is not revived', async () => {
      const sids: string[] = [];
      const saves: Promise<unknown>[] = [];
      await rounds(async (sid) => {
        await create(sid);
        sids.push(sid);
      });
      const requests = await Promise.all(sids.map((sid) => here.load(sid)));
      const ending = there.revokeAll();
      for (const [index, request] of requests.entries()) {
        saves.push(index % 2 ? here.save(request!, { theme: 'dark' }) : here.rotate(request!));
        if (index % 20 === 0) await saves.at(-1);
      }
      await Promise.all(saves);
      expect(await ending).toBe(ROUNDS);
      expect(await race.rowCount()).toBe(0);
      expect(await here.save(requests[0]!, { theme: 'dark' })).toBe('SESSION_INTERRUPTED');
    });
  },
  { prune: { batchSize: 10 } },
);
