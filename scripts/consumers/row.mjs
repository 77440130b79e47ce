/** What was tried, in the order in which it ended. */
export const results = [];

/** Tries one thing, tells how it went, and lets the others go on. */
export async function row(consumer, proves, act) {
  const started = performance.now();
  const error = await Promise.resolve()
    .then(act)
    .then(
      () => undefined,
      (cause) => cause,
    );
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  results.push({ consumer, proves, error });
  console.log(`${error ? 'FAILED' : 'ok'}: ${consumer}: ${proves} (${seconds} s)`);
  return !error;
}
