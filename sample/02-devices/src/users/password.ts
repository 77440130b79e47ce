import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

// As OWASP's cheat sheet on password storage has it: 16 MiB of memory, five times.
const cost = { N: 2 ** 14, r: 8, p: 5 };

/** What is stored of a password: a random salt, and the hash of both. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  return `${salt.toString('base64url')}.${(await derive(password, salt)).toString('base64url')}`;
}

/** Whether this is the password. Takes as long where `stored` is missing, so that nobody learns which names exist. */
export async function verifyPassword(password: string, stored: string = nobody): Promise<boolean> {
  const [salt = '', hash = ''] = stored.split('.');
  const expected = Buffer.from(hash, 'base64url');
  const found = await derive(password, Buffer.from(salt, 'base64url'));
  return timingSafeEqual(found, expected) && stored !== nobody;
}

const nobody = `${'A'.repeat(22)}.${'A'.repeat(43)}`;

/** The NFKC form, because keyboards differ in how they write an accented letter. */
function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, 32, cost, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
