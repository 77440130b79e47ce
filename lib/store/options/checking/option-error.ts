import { SessionOptionsError } from '../../../session.errors.js';

/** Options whose values are, or hold, secrets, and what is said instead of them. */
const SECRET: Readonly<Record<string, string | undefined>> = {
  secret: 'empty or no string',
  connection: 'something else',
  dataSource: 'something else',
  encryption: 'something else',
};

/** The error of an option with a wrong value: names the option, the value and the remedy. */
export function wrongOption(name: string, value: unknown, expected: string): SessionOptionsError {
  const hidden = SECRET[/\.(secret)$/.exec(name)?.[1] ?? name];
  const shown = hidden === undefined || value === undefined ? show(value) : hidden;
  return new SessionOptionsError(`The session option \`${name}\` is ${shown}. It must be ${expected}.`);
}

function show(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : 'a Date';
  return Array.isArray(value) ? 'an array' : `of type ${typeof value}`;
}
