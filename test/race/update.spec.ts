import { expect, it } from 'vitest';
import { atOnce, rounds } from '../support/race-rounds.js';
import { describeEachRace, type Race } from '../support/race-settings.js';

/** `UPDATE_ROUNDS=200` is the full run. */
const ROUNDS = Number(process.env.UPDATE_ROUNDS ?? 5);
const ADDS = 50;
/** How many rounds run side by side. */
const ABREAST = 5;

const items = Array.from({ length: ADDS }, (_, index) => `item ${index}`);

/** As many requests as there are items, at both instances in turn, that have all loaded one session. */
async function requestsFor({ here, there }: Race, sid: string): Promise<(() => Promise<string>)[]> {
  const instances = [here, there];
  const requests = await Promise.all(items.map((_, index) => instances[index % 2]!.load(sid)));
  return items.map((item, index) => () => instances[index % 2]!.add(requests[index]!, item));
}

const cartOf = async ({ here }: Race, sid: string) => ((await here.read(sid)) as { cart: string[] } | undefined)?.cart.toSorted();

describeEachRace('fifty updates of one session at once', (race) => {
  const { here, there } = race;

  it('lose nothing', async () => {
    await rounds(
      async (sid) => {
        await here.create(sid, { cart: [] });
        const told = await Promise.all((await requestsFor(race, sid)).map((add) => add()));
        expect(told.filter((outcome) => outcome !== 'done')).toEqual([]);
        expect(await cartOf(race, sid)).toEqual(items.toSorted());
      },
      ROUNDS,
      ABREAST,
    );
  });

  it('lose nothing where one of the requests signs the visitor in, and those that come too late are told', async () => {
    const outcomes = new Set<string>();
    await rounds(
      async (sid, round) => {
        await here.create(sid, { cart: [] });
        const [adds, login] = [await requestsFor(race, sid), (await there.load(sid))!];
        const addAll = () => Promise.all(adds.slice(0, 10).map((add) => add()));
        const [told, signedIn] = await atOnce(round, addAll, () => there.login(login, 'ada'));
        expect(signedIn.told).toBe('done');
        for (const outcome of told) outcomes.add(outcome);
        const stored = items.slice(0, 10).filter((_, index) => told[index] === 'done');
        expect(await cartOf(race, signedIn.sid)).toEqual(stored.toSorted());
        expect(await here.read(sid)).toBeUndefined();
      },
      ROUNDS,
      ABREAST,
    );
    for (const outcome of outcomes) expect(['done', 'SESSION_INTERRUPTED']).toContain(outcome);
    expect(await race.rowCount()).toBe(ROUNDS);
  });

  it('revive nothing where the session is ended meanwhile', async () => {
    await rounds(
      async (sid, round) => {
        await here.create(sid, { cart: [] });
        const [adds, ending] = [await requestsFor(race, sid), (await there.load(sid))!];
        const addAll = () => Promise.all(adds.slice(0, 10).map((add) => add()));
        const [told] = await atOnce(round, addAll, () => there.destroy(ending));
        for (const outcome of told) expect(['done', 'SESSION_INTERRUPTED']).toContain(outcome);
        expect(await here.read(sid)).toBeUndefined();
      },
      ROUNDS,
      ABREAST,
    );
    expect(await race.rowCount()).toBe(0);
  });
});
