import type { Operation } from '../runtime/deadlines.js';

/** What the end of a request owes its session. */
export type Due = 'save' | 'touch' | 'nothing';

/** What is found at the end of a request. */
export interface Found {
  readonly due: Due;
  /** Whether the session differs from what the request loaded; an explicit save of the same data changes nothing. */
  readonly isChanged: boolean;
}

/** What is found at the end of a request: at once, or later where the serializer is asynchronous. */
export type AtEnd = { readonly known: Found } | { readonly known?: never; readonly later: Promise<Found> };

/** One try to save a session. */
export interface SaveTry {
  /** The version that the row must have; `undefined` takes any. */
  readonly version: number | undefined;
  readonly isRetry: boolean;
  readonly operation: Operation;
}
