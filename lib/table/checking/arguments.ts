import { SessionOptionsError } from '../../session.errors.js';
import { isPlainObject, show, type Rules } from './rules.js';

/**
 * Checks what a function of ours was given. Throws `SessionOptionsError` for what is no object, for an option that the function does not
 * have, and for a wrong value; `undefined` is left out.
 */
export function checkArguments(caller: string, given: unknown, rules: Rules, prefix = ''): void {
  const names = Object.keys(rules).join(', ');
  if (!isPlainObject(given))
    throw new SessionOptionsError(`\`${caller}\` was given ${show(given)}. Give it an object with any of: ${names}.`);
  for (const [name, value] of Object.entries(given)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!rule) {
      throw new SessionOptionsError(`\`${caller}\` has no option "${prefix}${name}". Remove it, or use one of: ${names}.`);
    }
    if (value === undefined || rule[0](value)) continue;
    throw new SessionOptionsError(`The option \`${prefix}${name}\` of \`${caller}\` is ${show(value)}. It must be ${rule[1]}.`);
  }
}
