import type { RaceInstance } from './race-instance.js';

/** A call of a method at a moment of the caller's clock. */
export interface Call {
  readonly id: number;
  readonly now: number;
  readonly method: keyof RaceInstance;
  readonly args: readonly unknown[];
}

/** What came of a call in another process. */
export type Answer = { readonly id: number; readonly value?: unknown; readonly error?: unknown };

/** The clock of an instance only goes forward, as its callers' does. */
export async function callInstance(instance: RaceInstance, { now, method, args }: Omit<Call, 'id'>): Promise<unknown> {
  instance.now = Math.max(instance.now, now);
  return (instance[method] as (...args: readonly unknown[]) => unknown)(...args);
}
