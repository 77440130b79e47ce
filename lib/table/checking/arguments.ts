import { SessionOptionsError } from '../../session.errors.js';

/** What an option must be: a test, and the words for the error. */
export type Check = readonly [fits: (value: unknown) => boolean, expected: string];
export type Checks<Name extends string = string> = Readonly<Record<Name, Check>>;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

export const aName: Check = [isText, 'a non-empty string'];
export const aBoolean: Check = [(value) => typeof value === 'boolean', 'true or false'];
export const anEntity: Check = [
  (value) => typeof value === 'function' || isObject(value) || isText(value),
  'an entity class, an EntitySchema, or what `defineSessionEntity` returned',
];
export const anObjectOf = (what: string): Check => [isObject, `an object with ${what}`];
export const oneOf = (values: readonly string[]): Check => [
  (value) => values.includes(value as string),
  values.map((each) => JSON.stringify(each)).join(' or '),
];
export const either = ([fits, expected]: Check, [otherFits, otherwise]: Check): Check => [
  (value) => fits(value) || otherFits(value),
  `${expected}, or ${otherwise}`,
];

/**
 * Checks what a function of ours was given. Throws `SessionOptionsError` for what is no object, for an option that the function does not
 * have, and for a wrong value; `undefined` is left out.
 */
export function checkArguments(caller: string, given: unknown, checks: Checks, prefix = ''): void {
  const names = Object.keys(checks).join(', ');
  if (!isObject(given)) throw new SessionOptionsError(`\`${caller}\` was given ${show(given)}. Give it an object with any of: ${names}.`);
  for (const [name, value] of Object.entries(given)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (!check) {
      throw new SessionOptionsError(`\`${caller}\` has no option "${prefix}${name}". Remove it, or use one of: ${names}.`);
    }
    if (value === undefined || check[0](value)) continue;
    throw new SessionOptionsError(`The option \`${prefix}${name}\` of \`${caller}\` is ${show(value)}. It must be ${check[1]}.`);
  }
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === null || typeof value !== 'object') return typeof value === 'function' ? 'a function' : String(value);
  return Array.isArray(value) ? 'an array' : 'an object';
}
