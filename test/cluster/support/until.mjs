import { setTimeout } from 'node:timers/promises';

/** Tries until it works; rejects with the last error after `ms`, or at once where `isOver` says that there is no hope. */
export async function until(what, work, { ms = 30_000, every = 50, isOver = () => false } = {}) {
  const end = performance.now() + ms;
  for (;;) {
    try {
      return await work();
    } catch (cause) {
      if (performance.now() > end || isOver()) throw new Error(`Waited in vain until ${what}.`, { cause });
    }
    await setTimeout(every);
  }
}

/** For `until`: an answer that is not the awaited one is a failure. */
export function assert(condition, message) {
  if (!condition) throw new Error(message);
}
