import { setTimeout } from 'node:timers/promises';

/** A database that is really slow: the one place in the tests that waits for a clock. */
export const slowDatabase = (ms: number): Promise<void> => setTimeout(ms);
