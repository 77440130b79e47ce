import { SessionOptionsError } from '../../session.errors.js';
import { aBoolean, isFunction, isPlainObject, show } from '../../table/checking/rules.js';

/**
 * Checks the options of a decorator, where it is written. Throws `SessionOptionsError` for what is no object, and for an option that the
 * decorator does not have.
 */
export function checkDecoratorOptions(decorator: string, given: unknown, names: readonly string[]): void {
  if (!isPlainObject(given)) {
    throw new SessionOptionsError(`${decorator} was given ${show(given)}. Give it nothing, or an object with any of: ${names.join(', ')}.`);
  }
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new SessionOptionsError(`There is no option \`${unknown}\` of ${decorator}. Remove it, or use one of: ${names.join(', ')}.`);
}

/** The error of an option of a decorator with a wrong value. */
export const wrongDecoratorOption = (decorator: string, name: string, value: unknown, expected: string): SessionOptionsError =>
  new SessionOptionsError(`The option \`${name}\` of ${decorator} is ${show(value)}. It must be ${expected}.`);

/** Checks what `@Session` was given: a key or `{ required }`, and pipes. Throws `SessionOptionsError`. */
export function checkSessionArguments([wanted, ...pipes]: readonly unknown[]): void {
  checkPipes('@Session', pipes);
  if (wanted === undefined || isForNest(wanted) || (typeof wanted === 'string' && wanted !== '')) return;
  if (!isPlainObject(wanted)) {
    throw new SessionOptionsError(
      `@Session was given ${show(wanted)}. Give it nothing, the name of a key of the session, or { required: false }; pipes may follow.`,
    );
  }
  checkDecoratorOptions('@Session', wanted, ['required']);
  const { required } = wanted as { required?: unknown };
  if (required !== undefined && !aBoolean[0](required)) throw wrongDecoratorOption('@Session', 'required', required, aBoolean[1]);
}

/** Throws `SessionOptionsError` for what is no pipe. */
export function checkPipes(decorator: string, given: readonly unknown[]): void {
  const other = given.find((each) => each !== undefined && !isForNest(each));
  if (other === undefined) return;
  throw new SessionOptionsError(
    `${decorator} was given ${show(other)} where only pipes stand. Leave it out, or give a class or an object with a method \`transform\`.`,
  );
}

/** A pipe, or the `{ schema, pipes }` of Nest 12. */
function isForNest(value: unknown): boolean {
  if (isFunction((value as { transform?: unknown } | null)?.transform)) return true;
  if (typeof value === 'function') return isFunction((value.prototype as { transform?: unknown } | undefined)?.transform);
  const keys = isPlainObject(value) ? Object.keys(value) : [];
  return keys.length > 0 && keys.every((key) => key === 'schema' || key === 'pipes');
}
