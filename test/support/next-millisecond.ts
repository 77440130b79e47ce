import { setImmediate } from 'node:timers/promises';

/** Resolves when the clock shows another millisecond: a touch in the millisecond of the last one gains nothing, and is not written. */
export async function nextMillisecond(): Promise<void> {
  for (const before = Date.now(); Date.now() <= before;) await setImmediate();
}
