import { SessionOptionsError } from '../../../session.errors.js';
import { show } from '../../../table/checking/rules.js';
import { isPromise } from '../../callback.js';

/** What is said of a value of `secret`, whatever it is. */
const NO_SECRET = 'empty or not a string';
/** Options whose strings may hold a password. */
const HAS_PASSWORD = /^(?:connection(?:\.url)?|dataSource|encryption(?:\.keys(?:\[\d+\])?)?)$/;

/** The error of an option with a wrong value: names the option, the value and the remedy. */
export function wrongOption(name: string, value: unknown, expected: string): SessionOptionsError {
  return new SessionOptionsError(`The session option \`${name}\` is ${shownOf(name, value)}. It must be ${expected}.`);
}

function shownOf(name: string, value: unknown): string {
  if (value !== undefined && /(^|\.)secret$/.test(name)) return NO_SECRET;
  if (typeof value === 'string' && value !== '' && HAS_PASSWORD.test(name)) return 'a string';
  if (value === undefined) return 'missing';
  return isPromise(value) ? 'a promise' : show(value);
}
