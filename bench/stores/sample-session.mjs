import { createHash } from 'node:crypto';

/** A user that each cloned row replaces by its own. */
export const TEMPLATE_USER = 'user-00000000';

export const DAY_MS = 86_400_000;

/** The session id of row number `i`, as the SQL of the databases makes it, too. */
export const sidOf = (i) => createHash('md5').update(String(i)).digest('hex');

export const userOf = (i) => `user-${String(i).padStart(8, '0')}`;

/** What an application keeps in a session, as long as JSON as asked for. */
export function fillSession(session, bytes, userId) {
  Object.assign(session, { userId, locale: 'en', theme: 'dark', visits: 0, csrf: sidOf(userId), flash: [], cart: [] });
  const length = () => JSON.stringify(session).length;
  for (let item = 1; length() < bytes - 120; item++) {
    session.cart.push({ id: 1_000 + item, name: `Article "${sidOf(item).slice(0, 12)}"`, quantity: item % 5, price: 9.99 });
  }
  session.note = 'x'.repeat(Math.max(0, bytes - length() - 10));
  return session;
}

/** Session data as express-session hands it to a store; without `maxAgeMs` its cookie ends with the browser. */
export function sampleSession(bytes, { userId = TEMPLATE_USER, maxAgeMs = DAY_MS } = {}) {
  const expires = maxAgeMs === null ? null : new Date(Date.now() + maxAgeMs);
  return fillSession({ cookie: { originalMaxAge: maxAgeMs, expires, httpOnly: true, path: '/' } }, bytes, userId);
}
