import { afterEach, describe, expect, it, vi } from 'vitest';
import { createSessionStore } from '../../lib/express.js';
import { SessionOptionsError } from '../../lib/session.errors.js';
import { composeStore } from '../../lib/store/compose.js';
import { findWeakSecret } from '../../lib/store/options/secret-options.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import type { SessionModuleOptions } from '../../lib/store/options/session-options.js';
import { embedded } from '../support/embedded.js';
import { SECRET } from '../support/secret.js';

/** What a store says when it is made. */
async function warningsOf(options: Partial<SessionModuleOptions>): Promise<string[]> {
  const warnings: string[] = [];
  const resolved = resolveOptions({ secret: SECRET, connection: embedded, prune: false, ...options });
  await composeStore(resolved, { warn: (message) => void warnings.push(message) }).close();
  return warnings;
}

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe('a secret', () => {
  const WEAK: [string, string | Uint8Array][] = [
    ['of one letter', 'a'],
    ['of 31 characters', 'q8Zr0vT1xW7yK2mN5pL9sD4fG6hJ3cB'],
    ['of 31 bytes', Buffer.from('q8Zr0vT1xW7yK2mN5pL9sD4fG6hJ3cB')],
    ['of express-session’s own pages', 'keyboard cat'],
    ['of the same, twice and three times', 'keyboard cat, keyboard cat, keyboard cat'],
    ['of a tutorial', 'your-super-secret-session-key-change-me-in-production'],
    ['that repeats one letter', 'a'.repeat(64)],
    ['that repeats three letters', 'abc'.repeat(20)],
  ];

  it.each(WEAK)('%s is one warning at start-up, without its text', async (_, secret) => {
    const warnings = await warningsOf({ secret });
    expect(warnings).toEqual([expect.stringMatching(/`secret`.*32 random characters.*openssl/)]);
    if (typeof secret === 'string' && secret.length > 1) expect(warnings.join()).not.toContain(secret);
  });

  it.each(WEAK)('%s is refused in production', async (_, secret) => {
    vi.stubEnv('NODE_ENV', 'production');
    for (const secrets of [secret, [secret], [SECRET, secret]]) {
      await expect(warningsOf({ secret: secrets })).rejects.toBeInstanceOf(SessionOptionsError);
      await expect(warningsOf({ secret: secrets })).rejects.toThrow(/`secret`.*32 random characters/);
    }
  });

  it.each([
    ['of 32 characters', 'q8Zr0vT1xW7yK2mN5pL9sD4fG6hJ3cBe'],
    ['of 32 bytes', Buffer.from('q8Zr0vT1xW7yK2mN5pL9sD4fG6hJ3cBe')],
    ['of hexadecimal digits', '9f86d081884c7d659a2feaa0c55ad015'],
    ['that is a sentence', SECRET],
  ])('%s is nothing to warn of', async (_, secret) => {
    vi.stubEnv('NODE_ENV', 'production');
    expect(await warningsOf({ secret: [secret, SECRET] })).toEqual([]);
  });

  it('is looked through in no time, however long', () => {
    expect(findWeakSecret([`${'changeme'.repeat(10_000)}!?x9Q`])).toBeUndefined();
  });

  it('is none of a store’s for an application’s own session()', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await createSessionStore({ connection: embedded, prune: false }).close();
    expect(warn).not.toHaveBeenCalled();
  });
});

describe('a secret of `encryption`', () => {
  const encryption = (secret: string | Uint8Array) => ({ keys: [{ id: 'a', secret }] });
  const WEAK: [string, string | Uint8Array][] = [
    ['that repeats one letter', 'a'.repeat(32)],
    ['that repeats one byte', Buffer.alloc(32)],
    ['that repeats three bytes', Buffer.from('abc'.repeat(11)).subarray(0, 32)],
    ['of a tutorial', 'your-super-secret-session-key-change-me-in-production'],
  ];

  it.each(WEAK)('%s is a warning, and is refused in production', async (_, secret) => {
    expect(await warningsOf({ encryption: encryption(secret) })).toEqual([
      expect.stringMatching(/`encryption\.keys\[0\]\.secret` .*repeats itself: .*reads the data.*openssl/),
    ]);
    vi.stubEnv('NODE_ENV', 'production');
    await expect(warningsOf({ encryption: encryption(secret) })).rejects.toBeInstanceOf(SessionOptionsError);
    await expect(warningsOf({ encryption: encryption(secret) })).rejects.toThrow(/`encryption\.keys\[0\]\.secret`/);
    expect(() => createSessionStore({ connection: embedded, prune: false, encryption: encryption(secret) })).toThrow(SessionOptionsError);
  });

  it.each([
    ['a string', SECRET],
    ['bytes', Buffer.from('q8Zr0vT1xW7yK2mN5pL9sD4fG6hJ3cBe')],
  ])('that is a `secret`, too, is a warning: %s', async (_, secret) => {
    expect(await warningsOf({ secret: ['9f86d081884c7d659a2feaa0c55ad015', secret], encryption: encryption(secret) })).toEqual([
      expect.stringMatching(/`encryption\.keys\[0\]\.secret` is also a `secret` of the cookie.*Give the data a key of its own/),
    ]);
    vi.stubEnv('NODE_ENV', 'production');
    expect(await warningsOf({ secret, encryption: encryption('9f86d081884c7d659a2feaa0c55ad015') })).toEqual([]);
  });
});

describe('a number that was probably meant as seconds', () => {
  it.each<[string, Partial<SessionModuleOptions>, number]>([
    ['idleTimeout', { idleTimeout: 1_800 }, 1.8],
    ['absoluteTimeout', { absoluteTimeout: 59_999 }, 59.999],
    ['cookie.maxAge', { cookie: { maxAge: 3_600 } }, 3.6],
    ['prune.interval', { prune: { interval: 900 } }, 0.9],
    ['touchInterval', { touchInterval: 60 }, 0.06],
    ['operationTimeout', { operationTimeout: 5 }, 0.005],
    ['cache.ttl', { cache: { ttl: 5 } }, 0.005],
  ])('is a warning: %s', async (name, options, seconds) => {
    expect(await warningsOf(options)).toEqual([
      expect.stringMatching(new RegExp(`\`${name}\` is .* which is ${seconds} seconds: numbers are milliseconds\\. Write '30m'`)),
    ]);
  });

  it.each<[string, Partial<SessionModuleOptions>]>([
    ['a minute', { idleTimeout: 60_000, absoluteTimeout: 60_000, cookie: { maxAge: 60_000 } }],
    ['a string, which names its unit', { idleTimeout: '30s', absoluteTimeout: '45s', cookie: { maxAge: '10s' } }],
    ['short for a timeout, and not for what is short by nature', { touchInterval: 1_000, operationTimeout: 100, cache: { ttl: 100 } }],
    ['none, or nothing at all', { touchInterval: 0, prune: false, cache: false }],
    ['no age, and no end', { absoluteTimeout: false, cookie: { maxAge: null } }],
    ['functions', { idleTimeout: () => 5, cookie: () => ({ maxAge: 5 }) }],
  ])('is not: %s', async (_, options) => {
    expect(await warningsOf(options)).toEqual([]);
  });
});
