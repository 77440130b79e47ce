import type { Values } from './race-instance.js';
import { newSid } from './race-rounds.js';

/** What is known of one session, one row under changing ids, by what its requests were told. */
export class SessionModel {
  /** The id that the browser has. */
  sid = newSid();
  /** Resolves when the session is stored. */
  stored: Promise<unknown> = Promise.resolve();
  /** What has to be in it. */
  readonly values: Values = {};
  isEnded = false;
  endsUnderWay = 0;
  /** Ids that a rotation was asked to replace: they are gone, or soon. */
  readonly replacedIds = new Set<string>();
  /** Ids of which somebody was told that they are replaced. */
  readonly deadIds = new Set<string>();

  /** Whether a request that came under this id may find the session gone. */
  mayBeGone(sid: string): boolean {
    return this.isEnded || this.endsUnderWay > 0 || this.replacedIds.has(sid);
  }

  /** Whether nobody may find the session under this id any more. */
  isGone(sid: string): boolean {
    return this.isEnded || this.deadIds.has(sid);
  }
}
