import { describe, expect, it } from 'vitest';
import { SessionOptionsError } from '../../lib/session.errors.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import type { SessionModuleOptions } from '../../lib/store/options/session-options.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const resolve = (options: Partial<SessionModuleOptions>) => {
  const { absoluteTimeoutMs, idleTimeoutMs } = resolveOptions({ secret: 'x', ...options });
  return { absolute: absoluteTimeoutMs, idle: idleTimeoutMs({} as never) };
};

describe('lifetimes', () => {
  it.each([
    ['AAL1', { absolute: 30 * DAY, idle: undefined }],
    ['AAL2', { absolute: 24 * HOUR, idle: HOUR }],
    ['AAL3', { absolute: 12 * HOUR, idle: 15 * MINUTE }],
  ] as const)('S14: %s are those of NIST SP 800-63B-4', (lifetimes, expected) => {
    expect(resolve({ lifetimes })).toEqual(expected);
  });

  it.each<[Partial<SessionModuleOptions>, object]>([
    [
      { lifetimes: 'AAL2', absoluteTimeout: '12h', idleTimeout: '30m' },
      { absolute: 12 * HOUR, idle: 30 * MINUTE },
    ],
    [
      { lifetimes: 'AAL2', absoluteTimeout: '24h', idleTimeout: '1h' },
      { absolute: 24 * HOUR, idle: HOUR },
    ],
    [
      { lifetimes: 'AAL2', absoluteTimeout: '30m' },
      { absolute: 30 * MINUTE, idle: HOUR },
    ],
    [
      { lifetimes: 'AAL1', idleTimeout: '30d' },
      { absolute: 30 * DAY, idle: 30 * DAY },
    ],
    [
      { lifetimes: 'AAL3', idleTimeout: () => '5m' },
      { absolute: 12 * HOUR, idle: 5 * MINUTE },
    ],
    [
      { lifetimes: 'AAL3', idleTimeout: () => '8h' },
      { absolute: 12 * HOUR, idle: 15 * MINUTE },
    ],
  ])('may be shortened: %o', (options, expected) => {
    expect(resolve(options)).toEqual(expected);
  });

  it.each([
    [{ lifetimes: 'AAL1', absoluteTimeout: '31d' }, /`absoluteTimeout` is "31d".*720 hours.*AAL1/],
    [{ lifetimes: 'AAL2', absoluteTimeout: false }, /`absoluteTimeout` is false.*24 hours.*AAL2/],
    [{ lifetimes: 'AAL2', idleTimeout: '61m' }, /`idleTimeout` is "61m".*60 minutes.*AAL2/],
    [{ lifetimes: 'AAL3', idleTimeout: '16m' }, /`idleTimeout` is "16m".*15 minutes.*AAL3/],
    [{ lifetimes: 'AAL2', absoluteTimeout: '30m', idleTimeout: '45m' }, /`idleTimeout` is "45m".*`absoluteTimeout`/],
  ] as const)('may not be lengthened: %o', (options, message) => {
    expect(() => resolve(options)).toThrow(SessionOptionsError);
    expect(() => resolve(options)).toThrow(message);
  });
});

describe('anonymousTimeout', () => {
  const anonymous = (options: Partial<SessionModuleOptions>) => resolveOptions({ secret: 'x', ...options }).anonymousTimeoutMs;

  it('is a duration, and no limit by default', () => {
    expect(anonymous({})).toBe(Infinity);
    expect(anonymous({ anonymousTimeout: '10m' })).toBe(10 * MINUTE);
    expect(anonymous({ anonymousTimeout: '1h', idleTimeout: '1h' })).toBe(HOUR);
    expect(anonymous({ anonymousTimeout: '2d', idleTimeout: () => '1h', absoluteTimeout: false })).toBe(2 * DAY);
  });

  it.each([
    [{ anonymousTimeout: '61m', idleTimeout: '1h' }, /`anonymousTimeout` is "61m".*`idleTimeout`.*3600000 ms/],
    [{ anonymousTimeout: '2h', lifetimes: 'AAL2' }, /`anonymousTimeout` is "2h".*`idleTimeout`/],
    [{ anonymousTimeout: '31d' }, /`anonymousTimeout` is "31d".*`absoluteTimeout`/],
  ] as const)('is no longer than the others: %o', (options, message) => {
    expect(() => anonymous(options)).toThrow(SessionOptionsError);
    expect(() => anonymous(options)).toThrow(message);
  });

  it('is warned of where seconds were probably meant', () => {
    expect(resolveOptions({ secret: 'x', anonymousTimeout: 600 }).warnings).toEqual([expect.stringContaining('anonymousTimeout')]);
  });
});

describe('touchInterval', () => {
  const warningsOf = (options: Partial<SessionModuleOptions>) => resolveOptions({ secret: 'x', ...options }).warnings;

  it.each<Partial<SessionModuleOptions>>([
    { touchInterval: '9m', idleTimeout: '10m' },
    { touchInterval: '1h' },
    { touchInterval: '1h', cookie: { maxAge: '2h' } },
    // What is not the idle time.
    { touchInterval: '1h', idleTimeout: '2h', cookie: { maxAge: '10m' } },
    { touchInterval: '1h', idleTimeout: () => '10m' },
    { touchInterval: '1h', cookie: () => ({ maxAge: 600_000 }) },
    { touchInterval: 0, idleTimeout: '1m' },
  ])('is shorter than what it prolongs: %o', (options) => {
    expect(warningsOf(options)).toEqual([]);
  });

  it.each([
    [{ touchInterval: '10m', idleTimeout: '10m' }, /`touchInterval` is not shorter than `idleTimeout`, which is 600000 ms/],
    [{ touchInterval: '20m', lifetimes: 'AAL3' }, /not shorter than `idleTimeout`/],
    [{ touchInterval: '20m', anonymousTimeout: '10m' }, /not shorter than `anonymousTimeout`/],
    [{ touchInterval: '1h', cookie: { maxAge: '1m' } }, /not shorter than `cookie.maxAge`, which is 60000 ms/],
    [{ touchInterval: '1d', cookie: { maxAge: '1d' } }, /not shorter than `cookie.maxAge`.*half of that time/],
  ] as const)('is not, which is a warning: %o', (options, message) => {
    expect(warningsOf(options)).toEqual([expect.stringMatching(message)]);
  });
});
