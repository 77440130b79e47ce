import { createHash } from 'node:crypto';

/** A user that each cloned row replaces by its own. */
export const TEMPLATE_USER = 'user-00000000';

export const DAY_MS = 86_400_000;

/** For what makes up the last bytes. */
const ROOM_FOR_NOTE = 12;

/** The session id of row number `i`, as the SQL of the databases makes it, too. */
export const sidOf = (i) => createHash('md5').update(String(i)).digest('hex');

export const userOf = (i) => `user-${String(i).padStart(8, '0')}`;

/** What an application keeps in a session, as long as JSON as asked for. */
export function fillSession(session, bytes, userId) {
  Object.assign(session, { userId, locale: 'en', theme: 'dark', visits: 0, csrf: sidOf(userId), flash: [], cart: [] });
  let length = JSON.stringify(session).length + ROOM_FOR_NOTE;
  for (let id = 1_001; ; id++) {
    const item = { id, name: `Article "${sidOf(id).slice(0, 12)}"`, quantity: id % 5, price: 9.99 };
    length += JSON.stringify(item).length + 1;
    if (length > bytes) break;
    session.cart.push(item);
  }
  session.note = '';
  session.note = 'x'.repeat(Math.max(0, bytes - JSON.stringify(session).length));
  return session;
}

/** Session data as express-session hands it to a store; without `maxAgeMs` its cookie ends with the browser. */
export function sampleSession(bytes, { userId = TEMPLATE_USER, maxAgeMs = DAY_MS } = {}) {
  const expires = maxAgeMs === null ? null : new Date(Date.now() + maxAgeMs);
  return fillSession({ cookie: { originalMaxAge: maxAgeMs, expires, httpOnly: true, path: '/' } }, bytes, userId);
}
