import { SessionOptionsError } from '../../../session.errors.js';
import { DURATION, parseDuration } from './duration.js';
import { wrongOption } from './option-error.js';
import { suggestOption } from './unknown-option.js';

/** What an option must be: a test, and the words for the error. */
export type Rule = readonly [fits: (value: unknown) => boolean, expected: string];
export type Rules<Name extends string = string> = Readonly<Record<Name, Rule>>;

export const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);
export const isFunction = (value: unknown): boolean => typeof value === 'function';

export const oneOf = (...values: unknown[]): Rule => [
  (value) => values.includes(value),
  values.map((each) => JSON.stringify(each)).join(' or '),
];
export const aFunction: Rule = [isFunction, 'a function'];
export const aBoolean = oneOf(true, false);

/** Whether a value is a duration of more than 0. */
export const isPositive = (value: unknown): boolean => (parseDuration(value) ?? 0) > 0;
/** A duration that a timer can wait for. */
export const aTimer: Rule = [(value) => isPositive(value) && parseDuration(value)! < 2 ** 31, `${DURATION}, at most 24 days`];

/** Throws `SessionOptionsError` for an option that there is no rule for, or whose value breaks its rule; `undefined` is left out. */
export function checkOptions(options: object, rules: Rules, prefix = ''): void {
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!rule) {
      throw new SessionOptionsError(
        `There is no session option "${prefix}${name}".${suggestOption(name, prefix, Object.keys(rules))} ` +
          `Remove it, or use one of: ${Object.keys(rules).join(', ')}.`,
      );
    }
    if (value === undefined || rule[0](value)) continue;
    throw wrongOption(prefix + name, value, rule[1] + (isQuoted(value, rule) ? `; write ${value} without quotation marks` : ''));
  }
}

/** Whether a value would do if it were no string, as those from the environment are. */
function isQuoted(value: unknown, [fits]: Rule): value is string {
  return typeof value === 'string' && /^(?:\d+|true|false)$/.test(value) && fits(JSON.parse(value.replace(/^0+(?=\d)/, '')));
}
