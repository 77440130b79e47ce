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

/** A length of time: milliseconds, or a number and a unit (`ms`, `s`, `m`, `h`, `d`, `w`) as in `'30m'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd' | 'w'}`;

/** What is told of an option that has to be one. */
export const DURATION = "a duration of more than 0: milliseconds, or a text as '30m', '12h' or '1d'";

/** A duration in whole milliseconds; `undefined` for what is none. */
export function parseDuration(value: unknown): number | undefined {
  const [, amount, unit] = typeof value === 'string' ? (/^(\d+(?:\.\d+)?)(ms|[smhdw])$/.exec(value) ?? []) : [];
  const ms = unit === undefined ? value : Number(amount) * UNITS[unit]!;
  return typeof ms === 'number' && ms >= 0 && ms <= MAX_MS ? Math.round(ms) : undefined;
}
