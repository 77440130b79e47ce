import { OutgoingMessage } from 'node:http';
import type { Request, Response } from 'express';
import type { SessionData, SessionStore } from 'nestjs-typeorm-session';
import { Barrier } from './barrier.js';

/** A write that waits. */
export interface HeldWrite {
  readonly barrier: Barrier;
  /** Whether the head of the response had left when the store was asked to write. */
  isHeadGone: boolean | undefined;
}

/** What Node knows, whatever the response tells the application. */
const isHeadGone = (res: Response): boolean => Reflect.get(OutgoingMessage.prototype, 'headersSent', res);

/** Makes the next write of sessions wait at a barrier. */
export function holdWrites(store: SessionStore): HeldWrite {
  const held: HeldWrite = { barrier: new Barrier(), isHeadGone: undefined };
  const set = store.set.bind(store) as (sid: string, session: SessionData, done: (error?: unknown) => void) => void;
  store.set = ((sid: string, session: SessionData & { req: Request }, done: (error?: unknown) => void) => {
    held.isHeadGone = isHeadGone(session.req.res!);
    void held.barrier.wait().then(() => set(sid, session, done));
  }) as typeof store.set;
  return held;
}

/** Makes every write of sessions fail with this error. */
export function failWrites(store: SessionStore, error: Error): void {
  store.set = ((_sid: string, _session: SessionData, done: (error?: unknown) => void) => {
    process.nextTick(done, error);
  }) as typeof store.set;
}
