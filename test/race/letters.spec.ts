import { expect, it } from 'vitest';
import { signedCookie } from '../support/browser.js';
import { SECRET } from '../support/race-instance.js';
import { rounds } from '../support/race-rounds.js';
import { describeEachRace } from '../support/race-settings.js';

const LETTERS = Array.from('abcdefghijklmnopqrstuvwxyz');
const ALL = Object.fromEntries(LETTERS.map((letter) => [letter, true]));

/** One after the other: each is 26 rivals already. */
const ROUNDS = 4;

describeEachRace('26 parallel requests that each set their own letter', ({ here, there }) => {
  const instanceOf = (index: number) => (index % 2 === 0 ? here : there);

  it('leave 26 letters, by explicit saves', async () => {
    const play = async (sid: string) => {
      await here.create(sid, { kept: 1 });
      const requests = await Promise.all(LETTERS.map((_, index) => instanceOf(index).load(sid)));
      const told = await Promise.all(LETTERS.map((letter, index) => instanceOf(index).save(requests[index]!, { [letter]: true })));
      expect(told).toEqual(LETTERS.map(() => 'done'));
      expect(await there.read(sid)).toEqual({ kept: 1, ...ALL });
    };
    await rounds(play, ROUNDS, 1);
  });

  it('leave 26 letters, over HTTP', async () => {
    const addresses = [await here.listen(), await there.listen()];
    const play = async (sid: string) => {
      await here.create(sid, { kept: 1 });
      const headers = { cookie: `sid=${signedCookie(sid, SECRET)}` };
      const answers = LETTERS.map((letter, index) => fetch(`${addresses[index % 2]}/letters/${letter}`, { headers }));
      await Promise.all([here, there].map((instance) => instance.held(LETTERS.length / 2)));
      await Promise.all([here, there].map((instance) => instance.letThrough()));
      for (const answer of await Promise.all(answers)) expect(answer.status).toBe(200);
      expect(await there.read(sid)).toEqual({ kept: 1, ...ALL });
    };
    await rounds(play, ROUNDS, 1);
  });
});
