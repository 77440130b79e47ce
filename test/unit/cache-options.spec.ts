import { EntitySchema } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { SessionOptionsError } from '../../lib/session.errors.js';
import { composeStore } from '../../lib/store/compose.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import type { SessionModuleOptions } from '../../lib/store/options/session-options.js';
import { reportSecurity } from '../../lib/store/runtime/security-report.js';
import { embedded } from '../support/embedded.js';
import { SECRET } from '../support/secret.js';

const resolve = (options: Partial<SessionModuleOptions>) => resolveOptions({ secret: SECRET, ...options });
const errorOf = (options: Partial<SessionModuleOptions>): string => {
  try {
    resolve(options);
  } catch (error) {
    expect(error).toBeInstanceOf(SessionOptionsError);
    return (error as Error).message;
  }
  throw new Error('The options were accepted.');
};

describe('the option `cache`', () => {
  it('is off by default, and has its own defaults where it is on', () => {
    expect(resolve({}).cache).toBe(false);
    expect(resolve({ cache: false }).cache).toBe(false);
    expect(resolve({ cache: {} }).cache).toEqual({ ttlMs: 5_000, max: 10_000, notify: false });
    expect(resolve({ cache: { ttl: '1m', max: 5, notify: true } }).cache).toEqual({ ttlMs: 60_000, max: 5, notify: true });
  });

  it.each([
    ['cache.ttl', { ttl: 0 }],
    ['cache.ttl', { ttl: '5 seconds' }],
    ['cache.ttl', { ttl: '25d' }],
    ['cache.max', { max: 0 }],
    ['cache.max', { max: 1.5 }],
    ['cache.max', { max: Infinity }],
    ['cache.max', { max: '100' }],
    ['cache.notify', { notify: 'true' }],
  ])('refuses %s in %o', (name, cache) => {
    expect(errorOf({ cache: cache as never })).toContain(`\`${name}\``);
  });

  it('refuses an unknown option in it, and says what was meant', () => {
    expect(errorOf({ cache: { notfy: true } as never })).toContain('Did you mean `cache.notify`?');
  });

  it.each(['overwrite', 'fail'] as const)('refuses `overlap: %o`, under which changes would be lost or refused', (overlap) => {
    expect(errorOf({ cache: {}, overlap })).toMatch(/`overlap` is "\w+"\. It must be "merge" with `cache`/);
    expect(resolve({ cache: {}, overlap: 'merge' }).cache).toBeTruthy();
    expect(resolve({ cache: false, overlap }).cache).toBe(false);
  });

  it('refuses to tell plain ids', () => {
    expect(errorOf({ cache: { notify: true }, hashIds: false })).toMatch(/`cache\.notify` needs hashes.*`hashIds: true`/);
    expect(resolve({ cache: { notify: true }, hashIds: 'migrate' }).cache).toBeTruthy();
  });

  it('refuses to keep sessions in memory that the store before still changes', () => {
    const adopt = 'connect-pg-simple';
    expect(errorOf({ cache: {}, adopt, hashIds: false })).toMatch(/would lose changes of the store that you adopt.*Remove `cache`/);
    expect(resolve({ cache: {}, adopt }).cache).toBeTruthy();
  });

  it.each<[string, Partial<SessionModuleOptions>]>([
    ['cache', { cache: {} }],
    ['maxSessionsPerUser', { maxSessionsPerUser: 3 }],
    ['encryption', { encryption: { keys: [{ id: 'a', secret: SECRET }] } }],
  ])('says how an adopted table gets what %s needs', async (name, options) => {
    const store = composeStore(resolve({ connection: embedded, adopt: 'connect-typeorm', prune: false, ...options }), {
      warn: () => undefined,
    });
    await expect(store.get('x')).rejects.toThrow(
      new RegExp(`\`${name}\` needs .*Write \`adopt: \\{ store: 'connect-typeorm', extended: true \\}\`.*createSessionMigration`),
    );
    await store.close();
  });

  it('refuses to listen where the database has no notices', () => {
    const options = resolve({ connection: embedded, prune: false, cache: { notify: true } });
    expect(() => composeStore(options, {})).toThrow(
      expect.objectContaining({ code: 'SESSION_OPTIONS', message: expect.stringMatching(/needs PostgreSQL.*Remove it/) as string }),
    );
  });

  it('refuses an entity without a version', async () => {
    const entity = new EntitySchema({
      name: 'Unversioned',
      columns: { id: { type: 'varchar', primary: true }, data: { type: 'text' }, expiresAt: { type: 'bigint' } },
    });
    const store = composeStore(resolve({ connection: embedded, entity, prune: false, cache: {} }), { warn: () => undefined });
    await expect(store.get('x')).rejects.toThrow(SessionOptionsError);
    await expect(store.get('x')).rejects.toThrow(
      /`cache` needs an entity with columns for version, and yours has none for version\. Add what is missing/,
    );
    await store.close();
  });

  it('is a weakness of the security report, unless other processes hear of ends', () => {
    const stateOf = (cache: SessionModuleOptions['cache']) => {
      const { state, remedy } = reportSecurity(resolve({ ...(cache !== undefined && { cache }) })).find(({ id }) => id === 'S16')!;
      return [state, remedy];
    };
    expect(stateOf(undefined)).toEqual(['met', undefined]);
    expect(stateOf({})).toEqual(['off', expect.stringContaining('`cache.notify: true`')]);
    expect(stateOf({ notify: true })).toEqual(['yours', expect.stringContaining('`cache.ttl` short')]);
  });
});
