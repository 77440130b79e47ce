import expressSession from 'express-session';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { composeStore } from '../../lib/store/compose.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import { embedded } from '../support/embedded.js';
import { SECRET } from '../support/secret.js';
import { newSession, type LiveSession } from '../support/store-data.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

type How = 'regenerate' | 'reload' | 'destroy';

async function replaced(how: How) {
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  const store = composeStore(resolveOptions({ secret: SECRET, connection: embedded, prune: false }), { warn });
  const session = newSession(store, 'a session id of the tests', { cart: ['tea'] });
  await session.save();
  const { req } = session as { req?: { session?: LiveSession } };
  const result: unknown = await session[how]();
  await store.close();
  return { session, req, result, warnings };
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

  it('reads as before', async () => {
    const { session, warnings } = await replaced(how);
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
