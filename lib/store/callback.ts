import { SessionOptionsError, toError } from '../session.errors.js';

/** A Node callback as express-session passes it. */
export type Callback<T = void> = (error?: unknown, value?: T) => void;

/**
 * Begins `work` and gives its outcome to the callback or, without one, returns it as a promise. The callback is called once and never
 * before this returns; if it throws, it is not called again. Throws for a callback that is not a function,
 * before the work begins.
 */
export function toCallbackOrPromise<T>(work: () => Promise<T>, callback?: Callback<T>): Promise<T> | undefined {
  if (!callback) return work();
  if (typeof callback !== 'function') throw new SessionOptionsError('The callback must be a function. Leave it out to get a promise.');
  work().then(
    (value) => process.nextTick(callback, null, value),
    (error: unknown) => process.nextTick(callback, error || toError(error)),
  );
  return undefined;
}

/**
 * Calls something that answers a callback, and returns a promise of the answer. What it throws is an answer, too; so is the
 * rejection of a promise that it returns, as an `async` function does which has replaced a method of the store.
 */
export function fromCallback<T = void>(call: (done: Callback<T>) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    const returned = call((error, value) => (error ? reject(error) : resolve(value as T)));
    if (isPromise(returned)) void returned.then(undefined, reject);
  });
}

/**
 * A value that an option returned and that is needed at once. Throws for a promise, as an `async` function returns one. We
 * handle its rejection here, so that it does not end the process.
 */
export function atOnce<T>(value: T, option: string): T {
  if (!isPromise(value)) return value;
  void value.then(undefined, () => undefined);
  throw new SessionOptionsError(`The option \`${option}\` returned a promise. It must return its value at once.`);
}

/** Whether a value is a promise: of whatever library, or of a test runner's own set of built-in classes. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
