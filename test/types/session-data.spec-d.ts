import type { CookieOptions, SessionData as ExpressSessionData } from 'express-session';
import type { Request } from 'express';
import { expectTypeOf } from 'vitest';
import {
  mergeDeep,
  type Session,
  type SessionData as Data,
  type SessionInfo,
  type SessionModuleOptions,
  SessionModule,
  type SessionStore,
} from 'nestjs-typeorm-session';
import {
  createSessionMiddleware,
  createSessionStore,
  type SessionData as ExpressEntryData,
  type SessionStore as ExpressEntryStore,
} from 'nestjs-typeorm-session/express';

// Checked by the compiler (`npm run test:types`), never run.

declare module 'express-session' {
  interface SessionData {
    typedVisits: number;
    typedCart?: { items: string[] };
  }
}

declare module 'nestjs-typeorm-session' {
  interface SessionData {
    typedTheme: 'dark' | 'light';
  }
}

declare const session: Session;
declare const req: Request;
declare const store: SessionStore;
type Done = (error?: unknown) => void;

export function dataThatAnApplicationDeclares(): void {
  // On a request any key may still be missing.
  expectTypeOf(session.typedVisits).toEqualTypeOf<number | undefined>();
  expectTypeOf(session.typedCart).toEqualTypeOf<{ items: string[] } | undefined>();
  expectTypeOf(req.session.typedVisits).toEqualTypeOf<number | undefined>();
  expectTypeOf<Data>().toExtend<ExpressSessionData>();
  expectTypeOf<Data['typedVisits']>().toEqualTypeOf<number>();
  expectTypeOf<Data['typedTheme']>().toEqualTypeOf<'dark' | 'light'>();
  expectTypeOf<ExpressEntryData>().toEqualTypeOf<Data>();
  expectTypeOf(session.typedTheme).toEqualTypeOf<'dark' | 'light' | undefined>();
  expectTypeOf(req.session.typedTheme).toEqualTypeOf<'dark' | 'light' | undefined>();
  expectTypeOf(req.session).toExtend<Session>();

  session.typedVisits = (session.typedVisits ?? 0) + 1;
  // @ts-expect-error A number was declared.
  session.typedVisits = '1';
  // @ts-expect-error This theme was not declared.
  req.session.typedTheme = 'blue';
  // @ts-expect-error Nobody declared this one.
  void session.typedNothing;
}

export function promisesAndCallbacks(done: Done): void {
  expectTypeOf(session.save()).toEqualTypeOf<Promise<void>>();
  expectTypeOf(session.reload()).toEqualTypeOf<Promise<void>>();
  expectTypeOf(session.regenerate()).resolves.toExtend<Session>();
  expectTypeOf(req.session.regenerate()).resolves.toExtend<Session>();
  expectTypeOf(session.update((newest) => newest.typedVisits)).toEqualTypeOf<Promise<number | undefined>>();
  expectTypeOf(req.session.update(async ({ typedTheme }) => typedTheme)).toEqualTypeOf<Promise<'dark' | 'light' | undefined>>();
  expectTypeOf(store.update(req, ({ typedVisits = 0 }) => typedVisits)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(session.destroy()).toEqualTypeOf<Promise<void>>();
  expectTypeOf(req.session.rotate()).toEqualTypeOf<Promise<void>>();

  expectTypeOf(session.save(done)).toExtend<{ id: string }>();
  expectTypeOf(session.reload(done)).toExtend<{ id: string }>();
  expectTypeOf(session.regenerate(done)).toExtend<{ id: string }>();
  expectTypeOf(session.destroy(done)).toExtend<{ id: string }>();

  expectTypeOf(session.id).toEqualTypeOf<string>();
  expectTypeOf(session.handle).toEqualTypeOf<string | undefined>();
  // @ts-expect-error The handle is not for writing.
  session.handle = 'mine';
}

export function theStore(sid: string, data: Data, done: Done): void {
  expectTypeOf(store.get(sid)).toEqualTypeOf<Promise<Data | undefined>>();
  expectTypeOf(store.set(sid, data)).toEqualTypeOf<Promise<void>>();
  expectTypeOf(store.touch(sid, data)).toEqualTypeOf<Promise<void>>();
  expectTypeOf(store.destroy(sid)).toEqualTypeOf<Promise<void>>();
  expectTypeOf(store.all()).toEqualTypeOf<Promise<Data[]>>();
  expectTypeOf(store.length()).toEqualTypeOf<Promise<number>>();
  expectTypeOf(store.clear()).toEqualTypeOf<Promise<void>>();
  expectTypeOf(store.list({ userId: 7, limit: 10 })).toEqualTypeOf<Promise<SessionInfo[]>>();
  expectTypeOf(store.count()).toEqualTypeOf<Promise<number>>();
  expectTypeOf(store.prune()).toEqualTypeOf<Promise<number>>();
  expectTypeOf(store.ping()).toEqualTypeOf<Promise<void>>();
  expectTypeOf(store.close()).toEqualTypeOf<Promise<void>>();

  expectTypeOf(store.set(sid, data, done)).toEqualTypeOf<void>();
  expectTypeOf(store.destroy(sid, done)).toEqualTypeOf<void>();
  store.get(sid, (_error, found) => {
    expectTypeOf(found).toEqualTypeOf<Data | null | undefined>();
    expectTypeOf(found?.typedVisits).toEqualTypeOf<number | undefined>();
  });
  store.all((_error, all) => expectTypeOf(all).toEqualTypeOf<Data[] | undefined>());
  store.length((_error, length) => expectTypeOf(length).toEqualTypeOf<number | undefined>());

  // @ts-expect-error An id is a text.
  void store.get(7);
  // @ts-expect-error There is no such event.
  store.on('expired', () => undefined);
  store.on('destroyed', ({ handle, userId, reason, at }) => {
    expectTypeOf(handle).toEqualTypeOf<string | undefined>();
    expectTypeOf(userId).toEqualTypeOf<string | undefined>();
    expectTypeOf(reason).toExtend<string | undefined>();
    expectTypeOf(at).toEqualTypeOf<Date>();
  });
  expectTypeOf<SessionInfo>().not.toHaveProperty('id');
  expectTypeOf<SessionInfo>().not.toHaveProperty('data');
}

export function options(): void {
  SessionModule.forRoot({ secret: process.env.SESSION_SECRET });
  SessionModule.forRoot({ secret: ['new', 'old', Buffer.from('older')] });
  SessionModule.forRoot({ secret: 'x', idleTimeout: '30m', absoluteTimeout: false, touchInterval: 0, prune: { interval: '1h' } });
  SessionModule.forRoot({ secret: 'x', idleTimeout: (data) => (data.typedVisits > 3 ? '1h' : 5_000) });
  SessionModule.forRoot({ secret: 'x', userId: (data) => data.typedVisits, merge: (_base, theirs, mine) => ({ ...theirs, ...mine }) });
  SessionModule.forRoot({ secret: 'x', merge: mergeDeep });
  SessionModule.forRoot({ secret: 'x', cookie: { maxAge: '14d', sameSite: 'none', secure: 'auto' } });
  SessionModule.forRoot({ secret: 'x', cookie: ({ secure }) => ({ secure, maxAge: secure ? 60_000 : null }) });
  SessionModule.forRoot({ secret: 'x', cookie: { path: '/app' } as CookieOptions });
  expectTypeOf(createSessionMiddleware({ secret: process.env.SESSION_SECRET }).store).toEqualTypeOf<ExpressEntryStore>();
  expectTypeOf(createSessionStore({ connection: { type: 'better-sqlite3', database: 'x' } })).toEqualTypeOf<SessionStore>();

  // @ts-expect-error The secret is required, though the environment may lack it.
  void ({} satisfies SessionModuleOptions);
  // @ts-expect-error There is no such unit.
  void ({ secret: 'x', idleTimeout: '30 minutes' } satisfies SessionModuleOptions);
  // @ts-expect-error There is no such unit for a cookie.
  void ({ secret: 'x', cookie: { maxAge: '14 days' } } satisfies SessionModuleOptions);
  // @ts-expect-error There is no such attribute.
  void ({ secret: 'x', cookie: { maxage: 5 } } satisfies SessionModuleOptions);
  // @ts-expect-error There is no such option.
  void ({ secret: 'x', ttl: 5 } satisfies SessionModuleOptions);
  // @ts-expect-error There is no such way.
  void ({ secret: 'x', overlap: 'last' } satisfies SessionModuleOptions);
}
