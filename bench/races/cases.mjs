import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Browser } from './app.mjs';

const LIFETIME_MS = 2_000;

/** Somebody who has signed in. */
async function signIn(app) {
  const browser = new Browser(app);
  await browser.finish('POST', '/login?as=ada');
  return browser;
}

/** A store whose writes go through something else first. */
function beforeEachSet(store, work) {
  const set = store.set.bind(store);
  store.set = (sid, session, callback) => {
    work().then(() => set(sid, session, callback), callback);
  };
}

/**
 * The races. `play` runs one round and tells whether it was lost: whether the application, or the person in front of it,
 * has been told something that is not so. `prepare` changes the store before, `cookie` is the application's cookie option.
 */
export const CASES = [
  {
    race: 'a logout is undone by the save of a request in flight',
    async play(app) {
      const browser = await signIn(app);
      const letGo = await browser.hold('POST', '/set/theme');
      await browser.finish('POST', '/logout');
      await letGo();
      return 'userId' in (await browser.me());
    },
  },
  {
    race: 'a logout is undone by the touch of a request in flight',
    async play(app) {
      const browser = await signIn(app);
      const letGo = await browser.hold('GET', '/look');
      await browser.finish('POST', '/logout');
      await letGo();
      return 'userId' in (await browser.me());
    },
  },
  {
    race: 'of two requests that each set a key, one is lost',
    async play(app) {
      const browser = await signIn(app);
      const letGo = [await browser.hold('POST', '/set/cart'), await browser.hold('POST', '/set/locale')];
      await Promise.all(letGo.map((each) => each()));
      const { cart, locale } = await browser.me();
      return !cart || !locale;
    },
  },
  {
    race: 'of ten first writes under one id, one fails',
    async play(_app, store) {
      const sid = randomBytes(18).toString('base64url');
      const session = { cookie: { originalMaxAge: null, expires: null, httpOnly: true, path: '/' }, userId: 'ada' };
      const set = () => new Promise((resolve) => store.set(sid, session, resolve));
      const errors = await Promise.all(Array.from({ length: 10 }, set));
      return errors.some(Boolean);
    },
  },
  {
    race: 'a write is undone by the touch of a request in flight',
    async play(app) {
      const browser = await signIn(app);
      const letGo = await browser.hold('GET', '/look');
      await browser.finish('POST', '/set/cart');
      await letGo();
      return !(await browser.me()).cart;
    },
  },
  {
    race: 'a session that expired is prolonged by the touch of a request in flight',
    cookie: { maxAge: LIFETIME_MS },
    abreast: 200,
    async play(app) {
      const browser = await signIn(app);
      const letGo = await browser.hold('GET', '/look');
      // Some stores count whole seconds.
      await setTimeout(LIFETIME_MS + 2_000);
      await letGo();
      return 'userId' in (await browser.me());
    },
  },
  {
    race: 'a redirect after the login overtakes it, with a database that needs 300 ms',
    prepare: (store) => beforeEachSet(store, () => setTimeout(300)),
    async play(app) {
      const browser = new Browser(app);
      await browser.send('POST', '/login?as=ada&redirect=1');
      return !('userId' in (await browser.me()));
    },
  },
  {
    race: 'a login whose save fails is answered with 200',
    prepare: (store) => beforeEachSet(store, () => Promise.reject(new Error('The database is away.'))),
    async play(app) {
      const browser = new Browser(app);
      const response = await browser.send('POST', '/login?as=ada').catch(() => undefined);
      return response?.status === 200;
    },
  },
];
