import { hash, randomBytes, randomUUID } from 'node:crypto';
import { SessionOptionsError } from '../../session.errors.js';
import { atOnce } from '../callback.js';
import type { Request } from '../express-session.js';

const MAX_LENGTH = 256;
const FORBIDDEN = /\p{Cc}/u;

/** Whether a value can be a session id at all. Everything else is "not found" without a question to the database. */
export function isSessionId(id: unknown): id is string {
  return typeof id === 'string' && id.length > 0 && id.length <= MAX_LENGTH && !FORBIDDEN.test(id) && id.isWellFormed();
}

/** Fewer are too easy to guess; 128 random bits have 22 characters in base64url. */
const MIN_NEW_LENGTH = 16;

const NO_ID = '`genid` returned no usable session id. It must return a string of 16 to 256 characters, at once.';

const NO_HASH =
  "`genid` returned 64 hexadecimal digits. With `hashIds: 'migrate'` an id must not have the form of a stored hash: return base64url, say, or a UUID.";

/** The id of a new session: what `genid` returns, else 192 random bits. Throws `SessionOptionsError` if `genid` returns no id, or a weak one. */
export const newSessionId = (genid: ((req: Request) => string) | undefined, req: Request): string =>
  genid ? checkNewId(atOnce(genid(req), 'genid')) : createSessionId();

function checkNewId(id: unknown): string {
  if (!isSessionId(id)) throw new SessionOptionsError(NO_ID);
  if (id.length >= MIN_NEW_LENGTH) return id;
  throw new SessionOptionsError(
    `\`genid\` returned a session id of fewer than ${MIN_NEW_LENGTH} characters, which is easy to guess. Return 128 random bits or more, as \`crypto.randomUUID()\` does.`,
  );
}

/** As hard to guess as express-session's own (OWASP ASVS 7.2.3). */
export const createSessionId = (): string => randomBytes(24).toString('base64url');

/** The key of a session id in the table: lower-case hexadecimal SHA-256, exact under every collation. */
export function hashSessionId(id: string): string {
  return hash('sha256', id);
}

/**
 * A new public handle: 12 hexadecimal digits of the time, so that handles sort as their sessions were made, and 80
 * random bits. Those are digits of a UUID which are all random: Node keeps a store of such bits, and `randomBytes` has none.
 */
export function createHandle(now: number): string {
  const uuid = randomUUID();
  return now.toString(16).padStart(12, '0') + uuid.slice(0, 8) + uuid.slice(24);
}

/** Whether a value has the form of a handle. */
export function isHandle(handle: unknown): handle is string {
  return typeof handle === 'string' && /^[0-9a-f]{32}$/.test(handle);
}

/** How session ids become keys of rows: the option `hashIds`. */
export type IdForm = boolean | 'migrate';

/** Whether a string has the form of a stored hash. */
export const isHash = (key: string): boolean => /^[0-9a-f]{64}$/i.test(key);

/**
 * The key of a session id in the table; `undefined` for what is no id. While plain ids are looked for, a hash from a stolen table
 * would find its row like a plain id, so ids of that form are refused.
 */
export function keyOf(id: unknown, form: IdForm): string | undefined {
  if (!isSessionId(id) || (form === 'migrate' && isHash(id))) return undefined;
  return form === false ? id : hashSessionId(id);
}

/** Why the id that `genid` returned has no key, and the remedy. */
export const whyNoKey = (id: unknown): string => (isSessionId(id) ? NO_HASH : NO_ID);
