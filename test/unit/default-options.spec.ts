import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import { refuseNestOptions } from '../../lib/store/options/store-options.js';
import { jsonSerializer } from '../../lib/store/serializers/serializer.js';
import { SessionOptionsError } from '../../lib/session.errors.js';
import type { SessionModuleOptions } from '../../lib/store/options/session-options.js';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

describe('resolveOptions', () => {
  it('fills in the defaults', () => {
    const { idleTimeoutMs, userId, ...resolved } = resolveOptions({ secret: 'x' });
    expect(resolved).toMatchObject({
      secret: ['x'],
      name: 'sid',
      cookie: { httpOnly: true, sameSite: 'lax', secure: 'auto', path: '/' },
      rolling: false,
      saveUninitialized: false,
      resave: false,
      unset: 'keep',
      columns: {},
      absoluteTimeoutMs: 30 * DAY,
      touchIntervalMs: undefined,
      prune: { intervalMs: 15 * MINUTE, batchSize: 1_000 },
      overlap: 'merge',
      onInterrupted: 'drop',
      onUnavailable: 'error',
      saveOnError: true,
      metadata: false,
      csrf: false,
      onLimit: 'evictOldest',
      serializer: jsonSerializer,
      maxDataBytes: 1_048_576,
      hashIds: true,
      onUndecodable: 'discard',
      operationTimeoutMs: 5_000,
      preparedStatements: true,
      touchDurability: 'relaxed',
      cache: false,
      exclude: [],
      autoMount: true,
      warnings: [],
    });
    expect(resolved.forRoutes).toHaveLength(1);
    expect(idleTimeoutMs({} as never)).toBeUndefined();
    expect(userId({ userId: 'ann' } as never)).toBe('ann');
    for (const name of ['genid', 'proxy', 'dataSource', 'connection', 'entity', 'merge', 'maxSessionsPerUser'] as const)
      expect(resolved[name]).toBeUndefined();
  });

  it('takes `undefined` for an option that is left out', () => {
    const names = Object.keys(resolveOptions({ secret: 'x' })).filter(
      (name) => !/Ms$|^secret$|^warnings$|^weakSecrets$|^takesUnsigned$/.test(name),
    );
    const options = Object.fromEntries(
      [...names, 'idleTimeout', 'absoluteTimeout', 'touchInterval', 'operationTimeout'].map((name) => [name]),
    );
    const { cookie, prune, name } = resolveOptions({ secret: 'x', ...options } as SessionModuleOptions);
    expect({ cookie, prune, name }).toMatchObject({ cookie: { path: '/' }, prune: { batchSize: 1_000 }, name: 'sid' });
  });

  it('converts durations', () => {
    const resolved = resolveOptions({
      secret: 'x',
      idleTimeout: '1.5h',
      absoluteTimeout: '2w',
      touchInterval: 0,
      prune: { interval: '10s' },
      operationTimeout: 250,
    });
    expect(resolved.idleTimeoutMs({} as never)).toBe(90 * MINUTE);
    expect(resolved).toMatchObject({
      absoluteTimeoutMs: 14 * DAY,
      touchIntervalMs: 0,
      prune: { intervalMs: 10_000, batchSize: 1_000 },
      operationTimeoutMs: 250,
    });
    expect(resolveOptions({ secret: 'x', absoluteTimeout: false, prune: false })).toMatchObject({ absoluteTimeoutMs: false, prune: false });
    expect(resolveOptions({ secret: 'x', prune: { batchSize: 5 } }).prune).toEqual({ intervalMs: 15 * MINUTE, batchSize: 5 });
  });

  it('keeps secrets in their order, texts and bytes', () => {
    const key = Buffer.from('k');
    expect(resolveOptions({ secret: ['new', 'old', key] }).secret).toEqual(['new', 'old', key]);
    expect(resolveOptions({ secret: key }).secret).toEqual([key]);
  });

  it('leaves out what a cookie has as `undefined`, so that it switches nothing off', () => {
    const given = { httpOnly: undefined, secure: undefined, sameSite: undefined, path: undefined, domain: undefined, maxAge: undefined };
    const defaults = { httpOnly: true, sameSite: 'lax', secure: 'auto', path: '/' };
    expect(resolveOptions({ secret: 'x', cookie: given }).cookie).toEqual(defaults);
    const { cookie } = resolveOptions({ secret: 'x', cookie: () => given });
    expect(typeof cookie === 'function' && cookie({} as never)).toEqual(defaults);
  });

  it('converts the age of a cookie', () => {
    expect(resolveOptions({ secret: 'x', cookie: { maxAge: '14d' } }).cookie).toMatchObject({ maxAge: 14 * DAY });
    expect(resolveOptions({ secret: 'x', cookie: { maxAge: 14 * DAY } }).cookie).toMatchObject({ maxAge: 14 * DAY });
    expect(resolveOptions({ secret: 'x', cookie: { maxAge: null } }).cookie).not.toHaveProperty('maxAge');
  });

  it('adds the cookie’s defaults to an object and to what a function returns', () => {
    const secure = { httpOnly: true, sameSite: 'lax', path: '/', secure: true };
    expect(resolveOptions({ secret: 'x', cookie: { secure: true } }).cookie).toEqual(secure);
    expect(resolveOptions({ secret: 'x', cookie: { httpOnly: false, path: '/app' } }).cookie).toMatchObject({
      httpOnly: false,
      path: '/app',
    });
    const { cookie } = resolveOptions({ secret: 'x', cookie: () => ({ secure: true }) });
    expect(typeof cookie === 'function' && cookie({} as never)).toEqual(secure);
  });

  it('is frozen, and leaves what it was given alone', () => {
    const given = Object.freeze({ secret: 'x', cookie: Object.freeze({ path: '/app' }), prune: Object.freeze({ batchSize: 5 }) });
    const resolved = resolveOptions(given);
    expect(Object.isFrozen(resolved)).toBe(true);
    expect(() => Object.assign(resolved, { name: 'other' })).toThrow(TypeError);
  });
});

describe('without Nest', () => {
  it.each([{ forRoutes: ['/'] }, { exclude: ['/'] }, { autoMount: true }, { dataSource: 'default' }])('%o is refused', (options) => {
    expect(() => refuseNestOptions({ secret: 'x', ...options })).toThrow(SessionOptionsError);
    expect(() => refuseNestOptions({ secret: 'x', ...options })).toThrow(Object.keys(options)[0]);
  });
});
