import { SessionUnavailableError } from '../../session.errors.js';

/** Longest pause before a write is tried again. */
const PAUSE_MS = 40;

/** Writes again and again until no other transaction holds the row. Rejects with `SessionUnavailableError` after `timeoutMs` by `now`. */
export async function untilUnlocked<Outcome>(
  write: () => Promise<Outcome | 'locked'>,
  timeoutMs: number,
  now: () => number,
): Promise<Outcome> {
  const end = now() + timeoutMs;
  for (;;) {
    const outcome = await write();
    if (outcome !== 'locked') return outcome;
    if (now() >= end) {
      throw new SessionUnavailableError(
        `Another transaction has held the row of a session for longer than ${timeoutMs} ms. Look at the transactions of the database.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, Math.random() * PAUSE_MS));
  }
}
