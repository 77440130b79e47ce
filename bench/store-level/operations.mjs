import { randomBytes } from 'node:crypto';
import { SIZES } from '../stores/row-parts.mjs';
import { DAY_MS, fillSession } from '../stores/sample-session.mjs';

const call = (store, method, ...args) =>
  new Promise((resolve, reject) => store[method](...args, (error, result) => (error ? reject(error) : resolve(result))));

async function load(store, sid) {
  const session = await call(store, 'get', sid);
  if (!session) throw new Error(`The session ${sid} is not there.`);
  return session;
}

/** A session as a request has it at its end: express-session has set its expiry anew. */
async function loadSeen(store, sid) {
  const session = await load(store, sid);
  session.cookie.expires = new Date(Date.now() + DAY_MS);
  return { sid, session };
}

async function loadChanged(store, sid) {
  const loaded = await loadSeen(store, sid);
  loaded.session.visits += 1;
  return loaded;
}

const touch = (store, { sid, session }) => call(store, 'touch', sid, session);

const save = (store, { sid, session }) => call(store, 'set', sid, session);

/** A session that this store has never handed out: as from another store, or a caller that keeps sessions himself. */
function unknownSession() {
  const session = { cookie: { originalMaxAge: DAY_MS, expires: new Date(Date.now() + DAY_MS), httpOnly: true, path: '/' } };
  fillSession(session, SIZES.small, `user-${randomBytes(4).toString('hex')}`);
  return { sid: randomBytes(24).toString('base64url'), session };
}

async function saveAndDestroy(store, { sid, session }) {
  await call(store, 'set', sid, session);
  await call(store, 'destroy', sid);
}

/** What is measured of a store. Only `run` is timed; `prepare` makes what it works on. */
export const OPERATIONS = {
  get: { title: 'get', size: 'small', run: load },
  touch: {
    title: 'touch',
    size: 'small',
    alwaysTouches: true,
    prepare: loadSeen,
    run: touch,
  },
  set: { title: 'set 1 KB', size: 'small', prepare: loadChanged, run: save },
  'set-large': { title: 'set 10 KB', size: 'large', prepare: loadChanged, run: save },
  'get-touch': {
    title: 'get + touch, defaults',
    size: 'small',
    // So that all of them were seen within the touch interval.
    sessions: 5_000,
    seesAllFirst: true,
    run: async (store, sid) => touch(store, await loadSeen(store, sid)),
  },
  'create-destroy': {
    title: 'create + destroy',
    size: 'small',
    prepare(store) {
      // As much of a request as express-session needs to make a session.
      const req = { sessionStore: store };
      store.generate(req);
      fillSession(req.session, SIZES.small, `user-${randomBytes(4).toString('hex')}`);
      return { sid: req.sessionID, session: req.session };
    },
    run: saveAndDestroy,
  },
  'set-unknown': { title: 'set 1 KB of unknown origin', size: 'small', prepare: unknownSession, run: save },
  'create-destroy-unknown': { title: 'create + destroy of unknown origin', size: 'small', prepare: unknownSession, run: saveAndDestroy },
  'touch-unknown': {
    title: 'touch of unknown origin',
    size: 'small',
    alwaysTouches: true,
    prepare: async (store, sid) => ({ sid, session: { ...(await loadSeen(store, sid)).session } }),
    run: touch,
  },
};
