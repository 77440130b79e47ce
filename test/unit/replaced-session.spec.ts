import { EventEmitter } from 'node:events';
import expressSession from 'express-session';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { composeStore } from '../../lib/store/compose.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import { embedded } from '../support/embedded.js';
import { SECRET } from '../support/secret.js';
import { newSession, type LiveSession } from '../support/store-data.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

type How = 'regenerate' | 'reload' | 'destroy';

/** A session with a row, on a request of Express whose response `close` ends. */
async function stored() {
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  const store = composeStore(resolveOptions({ secret: SECRET, connection: embedded, prune: false }), { warn });
  onTestFinished(() => store.close());
  const session = newSession(store, 'a session id of the tests', { cart: ['tea'] }, 60_000);
  await session.save();
  const { req } = session as { req?: { session?: LiveSession } };
  const res = new EventEmitter();
  Object.assign(req!, { app: {}, res });
  return { store, session, req, warnings, close: () => res.emit('close') };
}

async function replaced(how: How) {
  const { session, ...others } = await stored();
  const result: unknown = await session[how]();
  return { session, result, ...others };
}

describe('regenerate', () => {
  it('resolves to the new session', async () => {
    const { session, req, result } = await replaced('regenerate');
    expect(result).toBe(req?.session);
    expect(result).not.toBe(session);
  });
});

const REMEDIES: [How, string][] = [
  ['regenerate', 'session\\.login'],
  ['destroy', 'session\\.login'],
  ['reload', 'req\\.session'],
];

describe.each(REMEDIES)('a session object after its %s', (how, remedy) => {
  it.each<[string, (session: LiveSession) => unknown, string]>([
    ['new', (session) => (session.userId = 'ada'), 'userId'],
    ['old', (session) => (session.cart = []), 'cart'],
  ])('takes a value for a key that is %s, and says so once', async (_, write, key) => {
    const { session, warnings } = await replaced(how);
    expect(warnings).toEqual([]);
    write(session);
    write(session);
    session.more = true;
    expect(warnings).toEqual([expect.stringMatching(new RegExp(`The key "${key}" was set .*after its .*${how}.*${remedy}`))]);
    expect(session.more).toBe(true);
    expect(Object.keys(session)).toEqual(expect.arrayContaining(['cart', 'more', key]));
  });

  it.each<[string, (session: LiveSession) => unknown, string]>([
    ['an age of its cookie', (session) => (session.cookie.maxAge = 5_000), 'cookie'],
    ['another attribute of its cookie', (session) => (session.cookie.domain = 'shop.example'), 'cookie'],
    ['a key that is deleted', (session) => delete session.cart, 'cart'],
    ['a new key that is defined', (session) => Object.defineProperty(session, 'userId', { value: 'ada', enumerable: true }), 'userId'],
    ['an old key that is defined', (session) => Object.defineProperty(session, 'cart', { value: [], enumerable: true }), 'cart'],
  ])('says so of %s, at the latest when the response is over', async (_, change, key) => {
    const { session, warnings, close } = await replaced(how);
    change(session);
    close();
    expect(warnings).toEqual([expect.stringMatching(new RegExp(`The key "${key}" was set .*after its .*${how}`))]);
  });

  it('is silent of what Passport does: its values, and its cookie, become those of the new session', async () => {
    const { session, req, warnings, close } = await replaced(how);
    if (!req!.session) return;
    for (const key in session) req!.session[key] = session[key];
    expect(req!.session.cookie).toBe(session.cookie);
    expect(req!.session.cookie).toBeInstanceOf(expressSession.Cookie);
    req!.session.cookie.maxAge = 5_000;
    req!.session.resetMaxAge();
    await req!.session.save();
    close();
    expect(warnings).toEqual([]);
  });

  it('reads as before', async () => {
    const { session, warnings, close } = await replaced(how);
    close();
    expect(JSON.parse(JSON.stringify(session))).toMatchObject({ cart: ['tea'], cookie: {} });
    expect(session).toBeInstanceOf(expressSession.Session);
    expect([session.id, session.nothing]).toEqual([expect.any(String), undefined]);
    expect(warnings).toEqual([]);
  });

  it('is like any other in production', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    const { session, warnings } = await replaced(how);
    session.userId = 'ada';
    expect(Object.getOwnPropertyDescriptor(session, 'cart')).toMatchObject({ value: ['tea'] });
    expect(warnings).toEqual([]);
  });
});

describe.each(['regenerate', 'destroy'] as const)('a session object whose %s is not awaited', (how) => {
  it.each<[string, (session: LiveSession) => unknown, string]>([
    ['a new key', (session) => (session.userId = 'ada'), 'userId'],
    ['an old key', (session) => (session.cart = []), 'cart'],
    ['an old key with its value', (session) => Reflect.set(session, 'cart', session.cart), 'cart'],
    ['a key that is deleted', (session) => delete session.cart, 'cart'],
    ['its cookie', (session) => (session.cookie.maxAge = 5_000), 'cookie'],
  ])('says once that %s was set', async (_, write, key) => {
    for (const withCallback of [false, true]) {
      const { session, warnings } = await stored();
      const ended = withCallback
        ? new Promise<void>((resolve) => void session[how](() => resolve()))
        : (session[how]() as unknown as Promise<void>);
      write(session);
      expect(warnings).toEqual([]);
      await ended;
      write(session);
      expect(warnings).toEqual([expect.stringMatching(new RegExp(`The key "${key}" was set .*after its .*${how}`))]);
    }
  });

  it('is silent where it is only read, or express-session moves the end of its cookie', async () => {
    const { session, warnings, close } = await stored();
    const ended = session[how]() as unknown as Promise<void>;
    JSON.stringify(session);
    session.resetMaxAge();
    expressSession.Session.prototype.resetMaxAge.call(session);
    await ended;
    close();
    expect(warnings).toEqual([]);
  });

  it('stays in use, as it was, if that fails', async () => {
    const { store, session, warnings, close } = await stored();
    store.destroy = ((_: string, callback: (error: unknown) => void) => callback(new Error('away'))) as typeof store.destroy;
    const ended = session[how]() as unknown as Promise<void>;
    session.userId = 'ada';
    await expect(ended).rejects.toThrow('away');
    session.theme = 'dark';
    close();
    expect(warnings).toEqual([]);
    expect(Object.getOwnPropertyDescriptor(session, 'cart')).toMatchObject({ value: ['tea'], writable: true });
  });
});
