import type { Rule } from '../../../table/checking/rules.js';

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** A hundred years: more would not fit into the columns of every database. */
const MAX_MS = 36_525 * 86_400_000;

/** A length of time: milliseconds, or a number and a unit (`ms`, `s`, `m`, `h`, `d`, `w`) such as `'30m'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd' | 'w'}`;

/** What the error of an option says that must be one. */
export const DURATION =
  "a duration of more than 0: a number of milliseconds such as 1800000, or a string with a unit such as '30m', '12h' or '1d'";

/**
 * What to say of a number so small, for this option, that seconds were probably meant; `undefined` for all others, and for strings,
 * which name their unit.
 */
export function suspectSeconds(name: string, value: unknown, least: Duration): string | undefined {
  if (typeof value !== 'number' || value <= 0 || value >= parseDuration(least)!) return undefined;
  return `The session option \`${name}\` is ${value}, which is ${value / UNITS.s!} seconds: numbers are milliseconds. Write '30m' for 30 minutes.`;
}

/** A duration in whole milliseconds; `undefined` for what is none. */
export function parseDuration(value: unknown): number | undefined {
  const [, amount, unit] = typeof value === 'string' ? (/^(\d+(?:\.\d+)?)(ms|[smhdw])$/.exec(value) ?? []) : [];
  const ms = unit === undefined ? value : Number(amount) * UNITS[unit]!;
  return typeof ms === 'number' && ms >= 0 && ms <= MAX_MS ? Math.round(ms) : undefined;
}

/** Whether a value is a duration of more than 0. */
export const isPositive = (value: unknown): boolean => (parseDuration(value) ?? 0) > 0;
/** A duration that a timer can wait for. */
export const aTimer: Rule = [(value) => isPositive(value) && parseDuration(value)! < 2 ** 31, `${DURATION}, at most 24 days`];
