import { describe, expect, it } from 'vitest';
import type { Told } from '../support/race-instance.js';
import { atOnce, ROUNDS, rounds } from '../support/race-rounds.js';
import { describeEachRace, twoStores, type Race } from '../support/race-settings.js';

/** Two requests, one at each instance, that have loaded the same session. */
async function twoRequests({ here, there }: Race, sid: string) {
  expect(await there.create(sid, { user: 'ada' })).toBe('done');
  return [(await here.load(sid))!, (await there.load(sid))!] as const;
}

describeEachRace(
  'a session that was rotated',
  (race) => {
    const { here, there, rowCount } = race;

    describe('while another request held it', () => {
      const holdAndRotate = async (sid: string) => {
        const [held, rotating] = await twoRequests(race, sid);
        const { told, sid: next } = await there.rotate(rotating);
        expect(told).toBe('done');
        return { held, rotating, next };
      };

      it('takes nothing over from its save, which is told so', async () => {
        await rounds(async (sid) => {
          const { held, rotating, next } = await holdAndRotate(sid);
          expect(await here.save(held, { theme: 'dark' })).toBe('SESSION_INTERRUPTED');
          expect(await there.save(rotating, { locale: 'de' })).toBe('done');
          expect(await here.read(next)).toEqual({ user: 'ada', locale: 'de' });
          expect(await here.read(sid)).toBeUndefined();
        });
        expect(await rowCount()).toBe(ROUNDS);
      });

      it('is not harmed by its touch, which is no error', async () => {
        await rounds(async (sid) => {
          const { held, next } = await holdAndRotate(sid);
          expect(await here.touch(held)).toBe('done');
          expect(await here.read(next)).toEqual({ user: 'ada' });
          expect(await here.read(sid)).toBeUndefined();
        });
        expect(await rowCount()).toBe(ROUNDS);
      });

      it('is ended by its logout', async () => {
        await rounds(async (sid) => {
          const { held, next } = await holdAndRotate(sid);
          expect(await here.destroy(held)).toBe('done');
          expect(await here.read(next)).toBeUndefined();
        });
        expect(await rowCount()).toBe(0);
      });

      it('is ended by its logout after a save that was told so', async () => {
        await rounds(async (sid) => {
          const { held } = await holdAndRotate(sid);
          expect(await here.save(held, { theme: 'dark' })).toBe('SESSION_INTERRUPTED');
          expect(await here.destroy(held)).toBe('done');
        });
        expect(await rowCount()).toBe(0);
      });

      it('is ended by its regeneration', async () => {
        await rounds(async (sid) => {
          const { held, next } = await holdAndRotate(sid);
          expect(await here.regenerate(held, { user: 'eve' })).toMatchObject({ told: 'done' });
          expect(await here.read(next)).toBeUndefined();
        });
        expect(await rowCount()).toBe(ROUNDS);
      });
    });

    describe('while the same request', () => {
      // The second comes a few microtasks after the first, in each round at another point of its way.
      const hopsOf = (round: number) => round % 50;

      it('saved it, has that under its new id only', async () => {
        await rounds(async (sid, round) => {
          const [request] = await twoRequests(race, sid);
          const { told, sid: next } = await here.together(request, ['rotate', 'save'], hopsOf(round));
          expect(told).toEqual(['done', 'done']);
          expect(await there.read(next)).toEqual({ user: 'ada' });
          expect(await there.read(sid)).toBeUndefined();
        });
        expect(await rowCount()).toBe(ROUNDS);
      });

      it('touched it, goes on', async () => {
        await rounds(async (sid, round) => {
          const [request] = await twoRequests(race, sid);
          const { told, sid: next } = await here.together(request, ['rotate', 'touch'], hopsOf(round));
          expect(told).toEqual(['done', 'done']);
          expect(await here.save(request, { theme: 'dark' })).toBe('done');
          expect(await there.read(next)).toEqual({ user: 'ada', theme: 'dark' });
        });
        expect(await rowCount()).toBe(ROUNDS);
      });

      it('rotated it once more, has the last id', async () => {
        await rounds(async (sid, round) => {
          const [request] = await twoRequests(race, sid);
          const { told, sid: next } = await here.together(request, ['rotate', 'rotate'], hopsOf(round));
          expect(told).toEqual(['done', 'done']);
          expect(await there.read(next)).toEqual({ user: 'ada' });
        });
        expect(await rowCount()).toBe(ROUNDS);
      });

      it('destroyed it, is ended', async () => {
        await rounds(async (sid, round) => {
          const [request] = await twoRequests(race, sid);
          const { told } = await here.together(request, ['rotate', 'destroy'], hopsOf(round));
          expect(told[1]).toBe('done');
          expect(await there.read(sid)).toBeUndefined();
        });
        expect(await rowCount()).toBe(0);
      });

      it('had destroyed it before, stays ended, and its rotation is told', async () => {
        await rounds(async (sid, round) => {
          const [request] = await twoRequests(race, sid);
          const { told } = await here.together(request, ['destroy', 'rotate'], hopsOf(round));
          expect(told).toEqual(['done', 'SESSION_INTERRUPTED']);
        });
        expect(await rowCount()).toBe(0);
      });
    });
  },
  { settings: twoStores },
);

describeEachRace('a session that is rotated at the moment', (race) => {
  const { here, there, rowCount } = race;

  it('at which another request saves it, keeps what was acknowledged and nothing else', async () => {
    const outcomes = new Set<Told>();
    await rounds(async (sid, round) => {
      const [held, rotating] = await twoRequests(race, sid);
      const [saved, rotated] = await atOnce(
        round,
        () => here.save(held, { theme: 'dark' }),
        () => there.rotate(rotating),
      );
      outcomes.add(saved);
      expect(rotated.told).toBe('done');
      expect(await there.save(rotating, { locale: 'de' })).toBe('done');
      const theme = saved === 'done' ? { theme: 'dark' } : {};
      expect(await here.read(rotated.sid)).toEqual({ user: 'ada', ...theme, locale: 'de' });
      expect(await here.read(sid)).toBeUndefined();
    });
    expect(outcomes).toEqual(new Set(['done', 'SESSION_INTERRUPTED']));
    expect(await rowCount()).toBe(ROUNDS);
  });

  it('at which another request touches it, is live under its new id only', async () => {
    await rounds(async (sid, round) => {
      const [held, rotating] = await twoRequests(race, sid);
      const [touched, rotated] = await atOnce(
        round,
        () => here.touch(held),
        () => there.rotate(rotating),
      );
      expect([touched, rotated.told]).toEqual(['done', 'done']);
      expect(await here.read(rotated.sid)).toEqual({ user: 'ada' });
      expect(await here.read(sid)).toBeUndefined();
    });
    expect(await rowCount()).toBe(ROUNDS);
  });

  it('at which another request rotates it, has the id of one of them, and the other is told', async () => {
    await rounds(async (sid, round) => {
      const [held, rotating] = await twoRequests(race, sid);
      const both = await atOnce(
        round,
        () => here.rotate(held),
        () => there.rotate(rotating),
      );
      expect(both.map(({ told }) => told).toSorted()).toEqual(['SESSION_INTERRUPTED', 'done']);
      const [winner, loser] = both[0].told === 'done' ? both : both.toReversed();
      expect(await here.read(winner!.sid)).toEqual({ user: 'ada' });
      expect(loser!.sid).toBe(sid);
      expect(await here.read(sid)).toBeUndefined();
    });
    expect(await rowCount()).toBe(ROUNDS);
  });

  it('at which another request destroys it, is ended', async () => {
    await rounds(async (sid, round) => {
      const [held, rotating] = await twoRequests(race, sid);
      const [destroyed, rotated] = await atOnce(
        round,
        () => here.destroy(held),
        () => there.rotate(rotating),
      );
      expect(destroyed).toBe('done');
      expect(['done', 'SESSION_INTERRUPTED']).toContain(rotated.told);
      expect(await here.read(rotated.sid)).toBeUndefined();
    });
    expect(await rowCount()).toBe(0);
  });

  it('at which another request regenerates it, is ended, and the new one is there', async () => {
    await rounds(async (sid, round) => {
      const [held, rotating] = await twoRequests(race, sid);
      const [renewed, rotated] = await atOnce(
        round,
        () => here.regenerate(held, { user: 'eve' }),
        () => there.rotate(rotating),
      );
      expect(renewed.told).toBe('done');
      expect(await here.read(renewed.sid)).toEqual({ user: 'eve' });
      expect(await here.read(rotated.sid)).toBeUndefined();
    });
    expect(await rowCount()).toBe(ROUNDS);
  });
});
