import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';

/** How often each race is run. */
export const ROUNDS = 200;
/** How many rounds run side by side. */
const ABREAST = 50;

/** Plays a race again and again, with a session id for each round, and says in how many rounds it was lost. */
export async function rounds(play: (sid: string, round: number) => Promise<void>, count = ROUNDS, abreast = ABREAST): Promise<void> {
  const failures: unknown[] = [];
  for (let first = 0; first < count; first += abreast) {
    const length = Math.min(abreast, count - first);
    const played = Array.from({ length }, (_, index) => play(newSid(), first + index));
    for (const outcome of await Promise.allSettled(played)) if (outcome.status === 'rejected') failures.push(outcome.reason);
  }
  if (failures.length === 0) return;
  const [cause] = failures;
  const reason = cause instanceof Error ? cause.message : String(cause);
  throw new Error(`${failures.length} of ${count} rounds were lost; the first: ${reason}`, { cause });
}

/** A session id that nobody had before. */
export const newSid = (): string => randomBytes(24).toString('base64url');

/**
 * Does two things at nearly the same moment. Over the rounds each comes first in many ways: by up to four turns of the
 * event loop, and now and then so much that it is over before the other begins.
 */
export async function atOnce<A, B>(round: number, one: () => Promise<A>, other: () => Promise<B>): Promise<[A, B]> {
  if (round % 20 === 0) return [await one(), await other()];
  if (round % 20 === 10) {
    const second = await other();
    return [await one(), second];
  }
  const lead = (round % 9) - 4;
  return Promise.all([late(-lead, one), late(lead, other)]);
}

async function late<T>(turns: number, work: () => Promise<T>): Promise<T> {
  for (let turn = 0; turn < turns; turn++) await setImmediate();
  return work();
}
