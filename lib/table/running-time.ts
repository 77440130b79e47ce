/** The longest time that is waited for at once, in milliseconds. If the event loop is blocked meanwhile, no more than this counts. */
export const STEP_MS = 250;

/**
 * Calls back after the event loop has run for this many milliseconds. Time in which it is blocked does not count, and what has
 * arrived by then is read first, so that an answer which is already there wins. Returns the function that cancels it.
 */
export function afterRunning(ms: number, callback: () => void): () => void {
  let left = ms;
  let timer: NodeJS.Timeout;
  let last: NodeJS.Immediate | undefined;
  const wait = (): void => {
    const step = Math.min(left, STEP_MS);
    timer = setTimeout(() => {
      left -= step;
      if (left > 0) wait();
      else last = setImmediate(callback);
    }, step);
  };
  wait();
  return () => {
    clearTimeout(timer);
    clearImmediate(last);
  };
}

/** Waits this many milliseconds. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits this many milliseconds, and resolves to how many it took; time in which the event loop is blocked hardly counts. */
export async function runningPause(ms: number): Promise<number> {
  const begun = performance.now();
  await pause(ms);
  return Math.min(performance.now() - begun, STEP_MS);
}
