import { unsign } from 'cookie-signature';
import { inTable } from '../stores/ours.mjs';
import { SECRET } from './signed-cookie.mjs';

const PREFIX = 'sid=s%3A';
const table = inTable('sessions_bare');

/**
 * How quick requests can be with our store: the shortest code between it and a request. It remembers each signature for ever,
 * makes no session, sends no cookie, knows no error and no stream, and stores what differs at the end. Nobody could use it.
 */
export const bareExchange = {
  name: 'bare-exchange',
  title: 'the shortest code between our store and a request',
  databases: ['postgres'],
  row: table.row,
  open: (where) => table.open(where),
  middlewareOf(store) {
    const ids = new Map();
    const idIn = (cookie) => {
      if (!ids.has(cookie)) ids.set(cookie, unsign(decodeURIComponent(cookie.slice(PREFIX.length)), SECRET));
      return ids.get(cookie);
    };
    const takeOver = (req, res, cookie, session) => {
      const before = JSON.stringify(session);
      const { end } = res;
      req.session = session;
      res.end = (...args) => {
        if (JSON.stringify(session) === before) return end.apply(res, args);
        store.set(idIn(cookie), session, () => end.apply(res, args));
        return res;
      };
    };
    return (req, res, next) => {
      const { cookie } = req.headers;
      if (!cookie) {
        next();
        return;
      }
      store.get(idIn(cookie), (error, session) => {
        if (session) takeOver(req, res, cookie, session);
        next(session ? undefined : (error ?? new Error('There is no such session.')));
      });
    };
  },
};
