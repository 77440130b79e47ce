import { SessionOptionsError } from '../../../session.errors.js';
import type { Rule, Rules } from '../../../table/checking/rules.js';
import { wrongOption } from './option-error.js';
import { suggestOption } from './unknown-option.js';

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
