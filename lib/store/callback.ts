/** A Node callback as express-session passes it. */
export type Callback<T = void> = (error?: unknown, value?: T) => void;

/**
 * Gives the outcome of `work` to the callback or, without one, returns it as a promise. The callback is called once and
 * never before this returns; what it throws is its own affair and never comes back into it.
 */
export function settle<T>(work: Promise<T>, callback?: Callback<T>): Promise<T> | undefined {
  if (!callback) return work;
  work.then(
    (value) => process.nextTick(callback, null, value),
    (error: unknown) => process.nextTick(callback, error),
  );
  return undefined;
}

/** Calls something that answers a callback, and returns a promise of the answer. */
export function promise<T = void>(call: (done: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => (error ? reject(error) : resolve(value as T)));
  });
}
