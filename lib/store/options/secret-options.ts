import type { CipherKey } from 'node:crypto';
import type { EncryptionKey } from './data-options.js';

/** Shorter than the 256 bits of the signature, a secret is easier to guess than the signature itself. */
const MIN_LENGTH = 32;

/** The words that secrets in samples and tutorials are made of, however often. */
const SAMPLE_WORDS =
  /^(?:keyboard|cat|secret|change|me|my|your|super|very|session|cookie|key|password|default|example|this|in|production|please|it|\d)+$/;
const MIN_DISTINCT = 8;

const REMEDY = `Take at least ${MIN_LENGTH} random characters from the environment, as \`openssl rand -base64 48\` makes them.`;

/** What is wrong with the secrets of the cookie, and the remedy; `undefined` if they are hard to guess. Never quotes them. */
export function findWeakSecret(secrets: readonly CipherKey[]): string | undefined {
  const reason = secrets.map(weaknessOf).find((found) => found !== undefined);
  if (reason === undefined) return undefined;
  const subject = secrets.length > 1 ? 'One value of the session option `secret`' : 'The session option `secret`';
  return `${subject} ${reason}: whoever guesses it signs in as anybody. ${REMEDY}`;
}

/** The same of each key of the data. */
export function findWeakKeys(keys: readonly EncryptionKey[]): string[] {
  return keys.flatMap(({ secret }, index) => {
    const reason = weaknessOf(secret);
    return reason === undefined
      ? []
      : [`The session option \`encryption.keys[${index}].secret\` ${reason}: whoever guesses it reads the data of all sessions. ${REMEDY}`];
  });
}

/** A warning for each key of the data that is a secret of the cookie, too. */
export function findSharedKeys(keys: readonly EncryptionKey[], secrets: readonly CipherKey[]): string[] {
  return keys.flatMap(({ secret }, index) =>
    secrets.some((other) => isSame(secret, other))
      ? [
          `The session option \`encryption.keys[${index}].secret\` is also a \`secret\` of the cookie: whoever learns one has both. Give the data a key of its own.`,
        ]
      : [],
  );
}

const isSame = (one: CipherKey, other: CipherKey): boolean => Buffer.from(one as string).equals(Buffer.from(other as string));

function weaknessOf(secret: CipherKey): string | undefined {
  if (typeof secret !== 'string') {
    const bytes = secret as Uint8Array;
    if (new Set(bytes).size < MIN_DISTINCT) return 'repeats itself';
    return bytes.length < MIN_LENGTH ? `is shorter than ${MIN_LENGTH} bytes` : undefined;
  }
  const letters = secret.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
  if (SAMPLE_WORDS.test(letters) || new Set(secret).size < MIN_DISTINCT) return 'is a sample, or repeats itself';
  return secret.length < MIN_LENGTH ? `is shorter than ${MIN_LENGTH} characters` : undefined;
}
