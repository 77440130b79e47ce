import { atOnce } from '../callback.js';
import { DURATION, parseDuration, type Duration } from './checking/duration.js';
import type { SessionData } from '../express-session.js';
import { wrongOption } from './checking/option-error.js';
import type { ResolvedSessionOptions, SessionModuleOptions } from './session-options.js';

/** How long the id before a renewal still reads its session: long enough for the requests that are in flight then. */
export const RENEWAL_GRACE_MS = 30_000;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * What NIST SP 800-63B-4 allows a session at each authentication assurance level, in milliseconds: the overall timeout and
 * the inactivity timeout of sections 2.1.3, 2.2.3 and 2.3.3. At AAL1 no inactivity timeout is asked for.
 */
const PRESETS = {
  AAL1: { absoluteMs: 30 * DAY, idleMs: undefined },
  AAL2: { absoluteMs: 24 * HOUR, idleMs: HOUR },
  AAL3: { absoluteMs: 12 * HOUR, idleMs: 15 * MINUTE },
} as const satisfies Record<string, { absoluteMs: number; idleMs: number | undefined }>;

export const LIFETIMES = Object.keys(PRESETS) as (keyof typeof PRESETS)[];

/** The options of time that sessions have. */
type ResolvedLifetime = Pick<ResolvedSessionOptions, 'idleTimeoutMs' | 'anonymousTimeoutMs' | 'absoluteTimeoutMs' | 'touchIntervalMs'>;

/**
 * The timeouts. Throws `SessionOptionsError` if one is longer than the preset, the idle one longer than the absolute, or that of
 * anonymous sessions longer than one of these.
 */
export function resolveLifetime(options: SessionModuleOptions): ResolvedLifetime {
  const { lifetimes, idleTimeout, anonymousTimeout, absoluteTimeout, touchInterval } = options;
  const preset = lifetimes && PRESETS[lifetimes];
  const absoluteTimeoutMs = absoluteTimeout === false ? false : (parseDuration(absoluteTimeout) ?? preset?.absoluteMs ?? 30 * DAY);
  const fixedMs = typeof idleTimeout === 'function' ? undefined : parseDuration(idleTimeout);
  if (preset && (absoluteTimeoutMs === false || absoluteTimeoutMs > preset.absoluteMs)) {
    throw wrongOption(
      'absoluteTimeout',
      absoluteTimeout,
      `no longer than the ${preset.absoluteMs / HOUR} hours of \`lifetimes: '${lifetimes}'\``,
    );
  }
  if (preset?.idleMs !== undefined && fixedMs !== undefined && fixedMs > preset.idleMs) {
    throw wrongOption('idleTimeout', idleTimeout, `no longer than the ${preset.idleMs / MINUTE} minutes of \`lifetimes: '${lifetimes}'\``);
  }
  if (fixedMs !== undefined && absoluteTimeoutMs !== false && fixedMs > absoluteTimeoutMs) {
    throw wrongOption('idleTimeout', idleTimeout, 'no longer than `absoluteTimeout`; shorten it, or raise `absoluteTimeout`');
  }
  const anonymousTimeoutMs = parseDuration(anonymousTimeout) ?? Infinity;
  if (anonymousTimeout !== undefined) {
    const longer = { idleTimeout: fixedMs ?? preset?.idleMs, absoluteTimeout: absoluteTimeoutMs || undefined };
    for (const [name, ms] of Object.entries(longer)) {
      if (ms === undefined || anonymousTimeoutMs <= ms) continue;
      throw wrongOption('anonymousTimeout', anonymousTimeout, `no longer than \`${name}\`, which is ${ms} ms`);
    }
  }
  const presetMs = preset?.idleMs ?? Infinity;
  // A shorter absolute timeout than the idle one of a preset is no mistake: it simply comes first.
  const idleMs = fixedMs ?? preset?.idleMs;
  return {
    absoluteTimeoutMs,
    anonymousTimeoutMs,
    touchIntervalMs: parseDuration(touchInterval),
    idleTimeoutMs: typeof idleTimeout === 'function' ? (session) => Math.min(idleTimeOf(idleTimeout, session), presetMs) : () => idleMs,
  };
}

/**
 * What to say of a `touchInterval` that is not shorter than what a touch prolongs. The age of the cookie counts if nothing else is the idle
 * time.
 */
export function suspectTouchInterval(options: SessionModuleOptions): string | undefined {
  const { touchInterval, lifetimes, idleTimeout, anonymousTimeout, cookie } = options;
  const idleMs = typeof idleTimeout === 'function' ? undefined : (parseDuration(idleTimeout) ?? (lifetimes && PRESETS[lifetimes].idleMs));
  const isByCookie = idleMs === undefined && idleTimeout === undefined && typeof cookie === 'object';
  const limits = {
    idleTimeout: idleMs,
    anonymousTimeout: parseDuration(anonymousTimeout),
    'cookie.maxAge': isByCookie ? parseDuration(cookie?.maxAge) : undefined,
  };
  const [name, ms] = Object.entries(limits).find(([, limit]) => limit && (parseDuration(touchInterval) ?? 0) >= limit) ?? [];
  if (name === undefined) return undefined;
  return (
    `The session option \`touchInterval\` is not shorter than \`${name}\`, which is ${ms} ms: sessions would end while they are in use, so they ` +
    'are touched after half of that time. Shorten `touchInterval`, or leave it out.'
  );
}

function idleTimeOf(idleTimeout: (session: SessionData) => Duration, session: SessionData): number {
  const returned = atOnce(idleTimeout(session), 'idleTimeout');
  const parsed = parseDuration(returned);
  if (parsed) return parsed;
  throw wrongOption('idleTimeout', returned, `a function that returns ${DURATION}`);
}
