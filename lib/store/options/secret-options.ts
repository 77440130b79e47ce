import type { CipherKey } from 'node:crypto';

/** Shorter than the 256 bits of the signature, a secret is easier to guess than the signature itself. */
const MIN_LENGTH = 32;

/** The words that secrets in samples and tutorials are made of, however often. */
const SAMPLE_WORDS =
  /^(?:keyboard|cat|secret|change|me|my|your|super|very|session|cookie|key|password|default|example|this|in|production|please|it|\d)+$/;
const MIN_DISTINCT = 8;

/** What is wrong with the secrets of the cookie, and the remedy; `undefined` if they are hard to guess. Never quotes them. */
export function findWeakSecret(secrets: readonly CipherKey[]): string | undefined {
  const reason = secrets.map(weaknessOf).find((found) => found !== undefined);
  if (reason === undefined) return undefined;
  const subject = secrets.length > 1 ? 'One value of the session option `secret`' : 'The session option `secret`';
  return `${subject} ${reason}: whoever guesses it signs in as anybody. Take at least ${MIN_LENGTH} random characters from the environment, as \`openssl rand -base64 48\` makes them.`;
}

function weaknessOf(secret: CipherKey): string | undefined {
  if (typeof secret !== 'string') return (secret as Uint8Array).length < MIN_LENGTH ? `is shorter than ${MIN_LENGTH} bytes` : undefined;
  const letters = secret.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
  if (SAMPLE_WORDS.test(letters) || new Set(secret).size < MIN_DISTINCT) return 'is a sample, or repeats itself';
  return secret.length < MIN_LENGTH ? `is shorter than ${MIN_LENGTH} characters` : undefined;
}
