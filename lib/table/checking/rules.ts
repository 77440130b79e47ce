import { types } from 'node:util';

/** What an option must be: a test, and the words for the error. */
export type Rule = readonly [fits: (value: unknown) => boolean, expected: string];
export type Rules<Name extends string = string> = Readonly<Record<Name, Rule>>;

export const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);
/** An object without a class: one of `{ … }`, of whatever realm, or without a prototype. A Map, a Date or an instance would lose what it holds. */
export function isPlainObject(value: unknown): value is object {
  if (!isObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
export const isFunction = (value: unknown): boolean => typeof value === 'function';
const isName = (value: unknown): boolean => typeof value === 'string' && value !== '';

export const oneOf = (...values: unknown[]): Rule => [
  (value) => values.includes(value),
  values.map((each) => JSON.stringify(each)).join(' or '),
];
export const either = ([fits, expected]: Rule, [otherFits, otherwise]: Rule): Rule => [
  (value) => fits(value) || otherFits(value),
  `${expected}, or ${otherwise}`,
];
export const aBoolean = oneOf(true, false);
export const aFunction: Rule = [isFunction, 'a function'];
export const aName: Rule = [isName, 'a non-empty string'];
export const anObjectOf = (what: string): Rule => [isPlainObject, `an object with ${what}`];
export const anEntity: Rule = [
  (value) => isFunction(value) || isObject(value) || isName(value),
  'an entity class, an EntitySchema, or what `defineSessionEntity` returned',
];

/** A wrong value as an error shows it: what may hold a secret only by its kind. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined) return String(value);
  if (typeof value === 'function') return 'a function';
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? 'an invalid Date' : 'a Date';
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object') return `a value of type ${typeof value}`;
  const { name } = (isPlainObject(value) ? undefined : (value as { constructor?: { name?: unknown } }).constructor) ?? {};
  return typeof name === 'string' && name !== '' ? `an object of the class ${name}` : 'an object';
}
