import { wrongOption } from './checking/option-error.js';
import { checkOptions } from './checking/check-options.js';
import { isPlainObject, type Rule, type Rules } from '../../table/checking/rules.js';

/** Which requests of other sites may change something. */
export interface CsrfOptions {
  /** Origins beside the application's own, such as `'https://admin.example'`: scheme, host and port, no path. @default none */
  trustedOrigins?: string[];
}

/** `CsrfOptions`, checked and defaulted. */
export interface ResolvedCsrf {
  /** In the form of `toOrigin`. */
  readonly trustedOrigins: ReadonlySet<string>;
}

export const csrfRule: Rule = [(value) => typeof value === 'boolean' || isPlainObject(value), 'true, false or { trustedOrigins }'];

const RULES: Rules<keyof CsrfOptions> = {
  trustedOrigins: [Array.isArray, "an array of origins such as 'https://admin.example'"],
};

/** Checks and defaults the option `csrf`. Throws `SessionOptionsError`. */
export function resolveCsrf(csrf: boolean | CsrfOptions | undefined): false | ResolvedCsrf {
  if (!csrf) return false;
  if (csrf === true) return { trustedOrigins: new Set() };
  checkOptions(csrf, RULES, 'csrf.');
  return { trustedOrigins: new Set((csrf.trustedOrigins ?? []).map(checkedOrigin)) };
}

function checkedOrigin(given: unknown): string {
  const origin = typeof given === 'string' ? toOrigin(given) : undefined;
  if (origin !== undefined) return origin;
  throw wrongOption(
    'csrf.trustedOrigins',
    given,
    "an array of origins, each a scheme, a host and, unless it is the default, a port, such as 'https://admin.example' or 'http://localhost:4200', without a path or a wildcard",
  );
}

const ORIGIN = /^([a-z][a-z\d+.-]*):\/\/[^\s/?#@\\*]+$/i;

/** An origin in one form: lower case, without a default port; `undefined` for what is none, `null` in the header included. */
export function toOrigin(text: string): string | undefined {
  const scheme = ORIGIN.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return undefined;
  // Those of applications (`capacitor://localhost`) have no origin in the words of the URL standard.
  if (scheme !== 'http' && scheme !== 'https') return text.toLowerCase();
  return URL.canParse(text) ? new URL(text).origin : undefined;
}
