import { expect, it } from 'vitest';
import { SameTurn } from '../../lib/store/caching/same-turn.js';

const immediate = () => new Promise<void>((resolve) => setImmediate(resolve));

it('answers at the end of the turn, all together and in their order', async () => {
  const turn = new SameTurn();
  const steps: string[] = [];
  const ask = async (name: string) => {
    steps.push(`${name} asks`);
    steps.push(`${await turn.resolve(name)} is answered`);
    await Promise.resolve();
    steps.push(`${name} goes on`);
  };
  const both = [ask('a'), ask('b')];
  await Promise.resolve();
  expect(steps).toEqual(['a asks', 'b asks']);
  await immediate();
  expect(steps.slice(2)).toEqual(['a is answered', 'b is answered', 'a goes on', 'b goes on']);
  await Promise.all(both);
});

it('answers what is asked in an answer in the next turn', async () => {
  const turn = new SameTurn();
  const later = turn.resolve(1).then((value) => turn.resolve(value + 1));
  await expect(later).resolves.toBe(2);
});
