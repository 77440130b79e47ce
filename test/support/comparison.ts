import type { Request } from 'express';
import type { SessionOptions } from 'express-session';
import './session-data.js';

/** What a client and the table see of one request. */
export interface Outcome {
  readonly status: number;
  /** What the answer does to the cookie, and whether that has an expiry. */
  readonly cookie: 'kept' | 'set' | 'set with expiry' | 'dropped';
  /** Its attributes, apart from the expiry and from `SameSite`, of which ours has a default. */
  readonly attributes: readonly string[];
  /** Whether the browser holds another id than before. */
  readonly id: 'same' | 'other' | 'none';
  /** What lies in the table afterwards, without cookies. */
  readonly rows: readonly object[];
  /** Of the first row, the age in seconds that its cookie has. */
  readonly maxAge: number | null | undefined;
}

/** One request under some options, and where our answer to it is meant to differ from express-session's. */
export interface Case {
  readonly name: string;
  readonly options?: Omit<SessionOptions, 'store' | 'secret'> & { readonly secret?: string | string[] };
  /** What the request says besides. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether Express trusts its proxy. */
  readonly trustProxy?: boolean;
  /** The secret that the cookie of a loaded session was signed with, where that is not the newest. */
  readonly signedWith?: string;
  /** Whether the browser has a session, `{ views: 1 }`, before. */
  readonly isLoaded: boolean;
  /** What else the browser sends as its cookie: a well-signed id that nobody has, or one that was tampered with. */
  readonly cookie?: 'unknown' | 'tampered';
  readonly act: (req: Request) => unknown;
  readonly differs?: Partial<Outcome> & { readonly because: string };
}

type Done = (error?: unknown) => void;

/** Calls a method in its callback form, which both have. */
const call = (method: (done: Done) => unknown): Promise<void> =>
  new Promise((resolve, reject) => void method((error) => (error ? reject(error) : resolve())));

const save = ({ session }: Request) => call((done) => (session.save as (done: Done) => unknown)(done));
const reload = ({ session }: Request) => call((done) => (session.reload as (done: Done) => unknown)(done));
const destroy = ({ session }: Request) => call((done) => (session.destroy as (done: Done) => unknown)(done));
const regenerate = ({ session }: Request) => call((done) => (session.regenerate as (done: Done) => unknown)(done));

const nothing = () => undefined;
const change = ({ session }: Request) => (session.views = 2);
const unset = (req: Request) => ((req as { session: unknown }).session = null);
const remove = (req: Request) => Reflect.deleteProperty(req, 'session');
const setMaxAge = ({ session }: Request) => (session.cookie.maxAge = 60_000);

const maxAge = { cookie: { maxAge: 600_000 } };
const isDropped = { cookie: 'dropped', id: 'none', because: 'the browser need not keep the cookie of an ended session' } as const;
const reachesBrowser = {
  cookie: 'set with expiry',
  attributes: ['Path=/', 'HttpOnly'],
  because: 'a changed age of the cookie reaches the browser',
} as const;
const isNothing = {
  cookie: 'kept',
  attributes: [],
  id: 'none',
  rows: [],
  maxAge: undefined,
  because: 'an empty session makes no row and no cookie, after regenerate() as before',
} as const;

const rotated = { secret: ['new', 'secret'] };
/** For ids of the application's own. */
let count = 0;
/** Fails where there is a session. */
const tell = (req: Request) => {
  if (req.session as unknown) throw new Error('There is a session.');
};

/** The cases in which express-session decides, and now we do. */
export const CASES: readonly Case[] = [
  { name: 'a new session, untouched', isLoaded: false, act: nothing },
  { name: 'a new session, changed', isLoaded: false, act: change },
  { name: 'a new session, changed, with maxAge', options: maxAge, isLoaded: false, act: change },
  { name: 'a new session, changed back', isLoaded: false, act: ({ session }) => ((session.views = 1), delete session.views) },
  { name: 'a new session, only its maxAge set', isLoaded: false, act: setMaxAge },
  { name: 'a loaded session, untouched', isLoaded: true, act: nothing },
  { name: 'a loaded session, untouched, with maxAge', options: maxAge, isLoaded: true, act: nothing },
  { name: 'a loaded session, changed', isLoaded: true, act: change },
  { name: 'a loaded session, changed, with maxAge', options: maxAge, isLoaded: true, act: change },
  { name: 'a loaded session, emptied', isLoaded: true, act: ({ session }) => delete session.views },
  { name: 'an unknown id, untouched', isLoaded: false, cookie: 'unknown', act: nothing },
  { name: 'an unknown id, changed', isLoaded: false, cookie: 'unknown', act: change },
  { name: 'a tampered id, untouched', isLoaded: false, cookie: 'tampered', act: nothing },
  { name: 'a tampered id, changed', isLoaded: false, cookie: 'tampered', act: change },

  { name: 'session = null, new', isLoaded: false, act: unset },
  { name: 'session = null, new, unset: destroy', options: { unset: 'destroy' }, isLoaded: false, act: unset },
  { name: 'session = null, loaded', options: { unset: 'keep' }, isLoaded: true, act: unset },
  { name: 'session = null, loaded, unset: destroy', options: { unset: 'destroy' }, isLoaded: true, act: unset, differs: isDropped },
  { name: 'delete session, loaded', isLoaded: true, act: remove },
  { name: 'delete session, loaded, unset: destroy', options: { unset: 'destroy' }, isLoaded: true, act: remove, differs: isDropped },
  { name: 'session = null after a change, loaded', isLoaded: true, act: (req) => (change(req), unset(req)) },
  { name: 'session = null after save()', isLoaded: true, act: async (req) => (change(req), await save(req), unset(req)) },

  { name: 'destroy(), new', isLoaded: false, act: destroy },
  { name: 'destroy(), loaded', isLoaded: true, act: destroy, differs: isDropped },
  { name: 'destroy(), loaded, rolling', options: { ...maxAge, rolling: true }, isLoaded: true, act: destroy, differs: isDropped },
  { name: 'destroy(), loaded, unset: destroy', options: { unset: 'destroy' }, isLoaded: true, act: destroy, differs: isDropped },

  { name: 'regenerate(), new', isLoaded: false, act: regenerate, differs: isNothing },
  { name: 'regenerate(), loaded', isLoaded: true, act: regenerate, differs: { ...isNothing, id: 'same' } },
  { name: 'regenerate() and data, new', isLoaded: false, act: async (req) => (await regenerate(req), change(req)) },
  { name: 'regenerate() and data, loaded', isLoaded: true, act: async (req) => (await regenerate(req), change(req)) },
  { name: 'regenerate() and data, with maxAge', options: maxAge, isLoaded: true, act: async (req) => (await regenerate(req), change(req)) },
  { name: 'regenerate(), data and save()', isLoaded: true, act: async (req) => (await regenerate(req), change(req), save(req)) },
  { name: 'regenerate(), saveUninitialized', options: { saveUninitialized: true }, isLoaded: true, act: regenerate },
  {
    name: 'regenerate() and null, unset: destroy',
    options: { unset: 'destroy' },
    isLoaded: true,
    act: async (req) => (await regenerate(req), unset(req)),
    differs: isDropped,
  },

  { name: 'rolling, new', options: { rolling: true }, isLoaded: false, act: nothing },
  { name: 'rolling, loaded', options: { rolling: true }, isLoaded: true, act: nothing },
  { name: 'rolling, loaded, with maxAge', options: { ...maxAge, rolling: true }, isLoaded: true, act: nothing },
  { name: 'rolling, loaded, changed, with maxAge', options: { ...maxAge, rolling: true }, isLoaded: true, act: change },
  { name: 'rolling, session = null', options: { rolling: true }, isLoaded: true, act: unset },

  { name: 'saveUninitialized, new', options: { saveUninitialized: true }, isLoaded: false, act: nothing },
  { name: 'saveUninitialized, new, with maxAge', options: { ...maxAge, saveUninitialized: true }, isLoaded: false, act: nothing },
  { name: 'saveUninitialized, unknown id', options: { saveUninitialized: true }, isLoaded: false, cookie: 'unknown', act: nothing },
  { name: 'saveUninitialized, loaded', options: { saveUninitialized: true }, isLoaded: true, act: nothing },
  { name: 'resave, new', options: { resave: true }, isLoaded: false, act: nothing },
  { name: 'resave, loaded', options: { resave: true }, isLoaded: true, act: nothing },
  { name: 'resave, loaded, with maxAge', options: { ...maxAge, resave: true }, isLoaded: true, act: nothing },

  { name: 'maxAge set, loaded', isLoaded: true, act: setMaxAge, differs: reachesBrowser },
  { name: 'maxAge shortened, loaded', options: maxAge, isLoaded: true, act: setMaxAge, differs: reachesBrowser },
  { name: 'maxAge set and data, loaded', isLoaded: true, act: (req) => (setMaxAge(req), change(req)) },
  { name: 'maxAge taken away, loaded', options: maxAge, isLoaded: true, act: ({ session }) => (session.cookie.expires = null) },
  { name: 'touch(), loaded, with maxAge', options: maxAge, isLoaded: true, act: ({ session }) => session.touch() },
  { name: 'a secure cookie over http, new', options: { cookie: { secure: true } }, isLoaded: false, act: change },

  { name: 'save(), new, empty', isLoaded: false, act: save },
  { name: 'save(), new, changed', isLoaded: false, act: (req) => (change(req), save(req)) },
  { name: 'save(), loaded, untouched', isLoaded: true, act: save },
  { name: 'save(), loaded, changed', isLoaded: true, act: (req) => (change(req), save(req)) },
  { name: 'save() and another change, new', isLoaded: false, act: async (req) => (change(req), await save(req), (req.session.views = 3)) },
  {
    name: 'save() and another change, loaded',
    isLoaded: true,
    act: async (req) => (change(req), await save(req), (req.session.views = 3)),
  },
  {
    name: 'save() and the change taken back, loaded',
    isLoaded: true,
    act: async (req) => (change(req), await save(req), (req.session.views = 1)),
  },
  { name: 'reload() of a change, loaded', isLoaded: true, act: (req) => (change(req), reload(req)) },
  { name: 'reload() and another change, loaded', isLoaded: true, act: async (req) => (await reload(req), change(req)) },

  { name: 'another name', options: { name: 'app.sid' }, isLoaded: true, act: change },
  { name: 'genid, new', options: { genid: () => `made-by-the-application-${++count}` }, isLoaded: false, act: change },
  {
    name: 'genid, regenerate()',
    options: { genid: () => `made-again-by-it-${++count}` },
    isLoaded: true,
    act: async (req) => (await regenerate(req), change(req)),
  },

  { name: 'an older secret, untouched', options: rotated, isLoaded: true, signedWith: 'secret', act: nothing },
  { name: 'an older secret, changed', options: rotated, isLoaded: true, signedWith: 'secret', act: change },
  { name: 'an older secret, changed, with maxAge', options: { ...rotated, ...maxAge }, isLoaded: true, signedWith: 'secret', act: change },
  { name: 'an older secret, rolling', options: { ...rotated, rolling: true }, isLoaded: true, signedWith: 'secret', act: nothing },
  { name: 'a secret that is gone', options: { secret: ['new'] }, isLoaded: true, signedWith: 'secret', act: nothing },
  { name: 'a secret that is gone, changed', options: { secret: ['new'] }, isLoaded: true, signedWith: 'secret', act: change },

  { name: 'a path that fits', options: { cookie: { path: '/act' } }, isLoaded: false, act: change },
  { name: 'a path that does not fit', options: { cookie: { path: '/other' } }, isLoaded: false, act: tell },
  { name: 'a path that does not fit, from a function', options: { cookie: () => ({ path: '/other' }) }, isLoaded: false, act: tell },
  { name: 'the cookie from a function', options: { cookie: () => ({ maxAge: 600_000 }) }, isLoaded: false, act: change },
  { name: 'the cookie from a function, loaded', options: { cookie: () => ({ maxAge: 600_000 }) }, isLoaded: true, act: change },

  ...[undefined, true, false].flatMap((proxy) =>
    [true, false].flatMap((trustProxy) =>
      ['https', 'http', 'https, http', 'http, https', 'HTTPS'].flatMap((proto): Case[] =>
        [true, 'auto' as const].map((secure) => ({
          name: `secure: ${secure}, proxy: ${proxy}, trust proxy: ${trustProxy}, over ${proto}`,
          options: { ...(proxy !== undefined && { proxy }), cookie: { secure } },
          trustProxy,
          headers: { 'x-forwarded-proto': proto },
          isLoaded: false,
          act: change,
        })),
      ),
    ),
  ),
];
