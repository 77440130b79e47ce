import { createHash } from 'node:crypto';

/** The rows of a table: so many of 1 KB, and after them some of 10 KB. */
export const SIZES = [
  { name: 'small', bytes: 1_000, template: 'template-of-1-kB' },
  { name: 'large', bytes: 10_000, template: 'template-of-10-kB' },
];

/** A user that each cloned row replaces by its own. */
export const TEMPLATE_USER = 'user-00000000';

export const DAY_MS = 86_400_000;

/** The session id of row number `i`, as the SQL of the databases makes it, too. */
export const sidOf = (i) => createHash('md5').update(String(i)).digest('hex');

export const userOf = (i) => `user-${String(i).padStart(8, '0')}`;

/** What an application keeps in a session, as long as JSON as asked for. */
export function fillSession(session, bytes, userId = TEMPLATE_USER) {
  Object.assign(session, { userId, locale: 'en', theme: 'dark', visits: 0, csrf: sidOf(userId), flash: [], cart: [] });
  const length = () => JSON.stringify(session).length;
  for (let item = 1; length() < bytes - 120; item++) {
    session.cart.push({ id: 1_000 + item, name: `Article "${sidOf(item).slice(0, 12)}"`, quantity: item % 5, price: 9.99 });
  }
  session.note = 'x'.repeat(Math.max(0, bytes - length() - 10));
  return session;
}

/** Session data as express-session hands it to a store. */
export function sampleSession(bytes, userId) {
  const cookie = { originalMaxAge: DAY_MS, expires: new Date(Date.now() + DAY_MS), httpOnly: true, path: '/' };
  return fillSession({ cookie }, bytes, userId);
}
