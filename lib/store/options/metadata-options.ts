import { wrongOption } from './checking/option-error.js';
import { checkOptions } from './checking/check-options.js';
import { isFunction, isPlainObject, oneOf, type Rule, type Rules } from '../../table/checking/rules.js';
import type { ResolvedSessionOptions, SessionModuleOptions } from './session-options.js';

export const A_METADATA: Rule = [
  (value) => typeof value === 'boolean' || isPlainObject(value) || isFunction(value),
  "true, { ip: 'full' or 'prefix' }, or a function that returns { ipAddress, userAgent }",
];

const RULES: Rules<'ip'> = { ip: oneOf('full', 'prefix') };

/** What is kept of clients. Throws `SessionOptionsError`. */
export function resolveMetadata(metadata: SessionModuleOptions['metadata']): ResolvedSessionOptions['metadata'] {
  if (!metadata || typeof metadata === 'function') return metadata ?? false;
  if (metadata === true) return { ip: 'full' };
  checkOptions(metadata, RULES, 'metadata.');
  if (metadata.ip === undefined) throw wrongOption('metadata.ip', metadata.ip, RULES.ip[1]);
  return { ip: metadata.ip };
}
