import { afterEach, describe, expect, it, vi } from 'vitest';
import { createSessionStore } from '../../lib/express.js';
import { composeStore } from '../../lib/store/compose.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import type { SessionModuleOptions } from '../../lib/store/options/session-options.js';
import { embedded } from '../support/embedded.js';
import { SECRET } from '../support/secret.js';

/** The report of a store with these options, and what it has said when it was made. */
async function start(options: Partial<SessionModuleOptions>) {
  const warnings: string[] = [];
  const resolved = resolveOptions({ secret: SECRET, connection: embedded, ...options });
  const store = composeStore(resolved, { warn: (message) => void warnings.push(message) });
  const report = await store.securityReport();
  await store.close();
  return { warnings, report, stateOf: (id: string) => report.find((item) => item.id === id)!.state };
}

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe('the security report', () => {
  it('says of each item what to do, unless it is met', async () => {
    const { report } = await start({});
    expect(report).toHaveLength(52);
    for (const { id, title, state, remedy } of report) {
      expect([id, title]).toEqual([expect.stringMatching(/^S\d+$/), expect.stringMatching(/\w/)]);
      if (state === 'met') expect(remedy).toBeUndefined();
      else expect([id, remedy]).toEqual([id, expect.stringMatching(/^[A-Z].*\.$/s)]);
    }
  });

  it.each<[string, 'met' | 'yours' | 'off', Partial<SessionModuleOptions>]>([
    ['S1', 'met', {}],
    ['S1', 'yours', { genid: () => 'x'.repeat(32) }],
    ['S6', 'met', {}],
    ['S6', 'off', { hashIds: false }],
    ['S7', 'off', { hashIds: false }],
    ['S13', 'met', {}],
    ['S13', 'off', { absoluteTimeout: false }],
    ['S14', 'yours', {}],
    ['S14', 'met', { lifetimes: 'AAL2' }],
    ['S15', 'off', {}],
    ['S15', 'met', { renewAfter: '15m' }],
    ['S16', 'met', {}],
    ['S16', 'off', { cache: {} }],
    ['S16', 'met', { cache: false }],
    ['S25', 'met', {}],
    ['S25', 'off', { saveUninitialized: true }],
    ['S28', 'met', {}],
    ['S28', 'met', { cookie: { sameSite: 'strict', secure: true } }],
    ['S28', 'off', { cookie: { httpOnly: false } }],
    ['S28', 'off', { cookie: { secure: false } }],
    ['S28', 'off', { cookie: { sameSite: 'none' } }],
    ['S28', 'off', { cookie: { sameSite: 'auto' } }],
    ['S28', 'off', { cookie: { sameSite: false } }],
    ['S28', 'met', { cookie: { sameSite: 'none' }, csrf: true }],
    ['S28', 'yours', { cookie: () => ({}) }],
    ['S29', 'off', {}],
    ['S29', 'met', { name: '__Host-sid' }],
    ['S30', 'met', {}],
    ['S39', 'off', {}],
    ['S39', 'met', { encryption: { keys: [{ id: 'k', secret: SECRET }] } }],
    ['S39', 'yours', { encryption: { keys: [{ id: 'k', secret: SECRET }], acceptPlain: true } }],
    ['S30', 'off', { name: 'connect.sid' }],
    ['S31', 'met', {}],
    ['S31', 'yours', { cookie: { maxAge: '14d' } }],
    ['S35', 'met', {}],
    ['S35', 'off', { secret: 'keyboard cat' }],
    ['S37', 'met', {}],
    ['S37', 'yours', { serializer: { name: 'mine', serialize: () => '', deserialize: () => ({}) as never } }],
    ['S50', 'met', {}],
    ['S50', 'yours', { prune: false }],
    ['S51', 'met', {}],
    ['S51', 'yours', { userId: () => 'x' }],
    ['S52', 'off', {}],
    ['S52', 'met', { csrf: {} }],
  ])('%s is %s with %o', async (id, state, options) => {
    const { stateOf } = await start({ prune: false, ...options, ...(id === 'S50' && state === 'met' && { prune: {} }) });
    expect(stateOf(id)).toBe(state);
  });

  it('leaves what is of the cookie to an application’s own session()', async () => {
    const store = createSessionStore({ connection: embedded, prune: false });
    const report = await store.securityReport();
    await store.close();
    for (const id of ['S28', 'S29', 'S30', 'S31', 'S35', 'S52']) expect(report.find((item) => item.id === id)?.state).toBe('yours');
  });
});

describe('a setting that is weak', () => {
  const WEAK: [string, Partial<SessionModuleOptions>, RegExp][] = [
    ['plain ids', { hashIds: false }, /weak for production \(S6\).*`hashIds: true`/],
    ['no absolute end', { absoluteTimeout: false }, /\(S13\).*`absoluteTimeout`/],
    ['a row for each visitor', { saveUninitialized: true }, /\(S25\).*`saveUninitialized: false`/],
    ['a cookie for scripts', { cookie: { httpOnly: false } }, /\(S28\).*`cookie\.httpOnly: true`/],
    ['a cookie for plain http', { cookie: { secure: false } }, /\(S28\).*`cookie\.secure/],
    ['a cookie for other sites', { cookie: { sameSite: 'none', secure: true } }, /\(S28\).*`csrf: true`/],
  ];

  it.each(WEAK)('is one warning in production: %s', async (_, options, sentence) => {
    vi.stubEnv('NODE_ENV', 'production');
    expect((await start(options)).warnings).toEqual([expect.stringMatching(sentence)]);
  });

  it.each(WEAK)('is none elsewhere: %s', async (_, options) => {
    expect((await start(options)).warnings).toEqual([]);
  });

  it('is none of the defaults', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    expect((await start({})).warnings).toEqual([]);
  });
});
