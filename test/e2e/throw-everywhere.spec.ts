import { readdirSync, readFileSync } from 'node:fs';
import type { Request, Response } from 'express';
import { jsonSerializer, type SessionModuleOptions, type SessionStore } from 'nestjs-typeorm-session';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Browser } from '../support/browser.js';
import { startThrowing, WAYS, type Act, type Way } from '../support/throwing-app.js';

/** A place where code of the application's runs inside ours, and throws. */
interface Place {
  readonly name: string;
  /** What comes of the request: an error response, or no harm at all. */
  readonly status: 200 | 500;
  /** Options whose functions throw while `isThrowing()`. */
  readonly options?: (fail: Fail) => Partial<SessionModuleOptions>;
  readonly act?: Act;
  /** What is done to the store of the application. */
  readonly replace?: (store: SessionStore, fail: Fail) => void;
  /** What is done to each response before the sessions see it. */
  readonly wrap?: (res: Response, fail: Fail) => void;
  /** The ways of answering in which it matters. */
  readonly ways?: readonly Way[];
  /** Only where a session was there before, or only where none was. */
  readonly only?: 'new' | 'loaded';
  /** What the error handler is told. */
  readonly says?: RegExp | undefined;
}

/** Throws while the application is broken; gives the value else. */
type Fail = <T>(value: T) => T;

let thrown = (): unknown => new Error('a mistake of the application');
const mine = () => thrown();
/** What is no error, or none that can be shown. */
const STRANGE: [string, () => unknown][] = [
  ['undefined', () => undefined],
  ['a word that Express knows', () => 'route'],
  ['an object without a prototype', () => Object.create(null)],
  ['an object from JSON', () => JSON.parse('{"toString":1,"valueOf":2,"statusCode":200}')],
  ['an error whose message is no string', () => Object.assign(new Error('x'), { message: { toString: 1 } })],
  [
    'an error whose name throws',
    () =>
      Object.defineProperty(new Error('x'), 'name', {
        get: () => {
          throw new Error('no name');
        },
      }),
  ],
];
const reject = (fail: Fail) => async () => fail(undefined);
const put = (value: unknown) => (req: Request) => void Object.assign(req.session, { cart: value, views: 2 });
const change = put([]);
const cycle = () => {
  const user: Record<string, unknown> = {};
  user.orders = [{ user }];
  return user;
};
const deep = () => JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`) as unknown;
const withGetter = ({ session }: Request) => {
  Object.defineProperty(session, 'cart', {
    enumerable: true,
    configurable: true,
    get: () => {
      throw mine();
    },
  });
};
const throwing = () => {
  throw mine();
};

/** Replaces a method by one that throws, one that rejects, and one that tells its callback. */
const replaced = (method: 'get' | 'set' | 'touch' | 'destroy', more: Omit<Place, 'name' | 'replace'>): Place[] => {
  const over = (how: (fail: Fail, original: (...args: unknown[]) => unknown) => (...args: unknown[]) => unknown) => {
    return (store: SessionStore, fail: Fail) => {
      const original = (store[method] as (...args: unknown[]) => unknown).bind(store);
      Object.assign(store, { [method]: how(fail, original) });
    };
  };
  return [
    {
      ...more,
      name: `store.${method} that throws`,
      replace: over(
        (fail, original) =>
          (...args) => (fail(0), original(...args)),
      ),
    },
    {
      ...more,
      name: `store.${method} that rejects`,
      replace: over(
        (fail, original) =>
          async (...args) => (await reject(fail)(), original(...args)),
      ),
    },
  ];
};

/** So that each touch gains time, however quick the requests are. */
let uses = 0;

const PLACES: readonly Place[] = [
  { name: 'a BigInt', act: put(1n), status: 500, says: /The key "cart".*BigInt/ },
  { name: 'a cycle', act: (req) => put(cycle())(req), status: 500, says: /The key "cart".*property 'orders'/ },
  { name: 'nesting that is too deep', act: (req) => put(deep())(req), status: 500, says: /The key "cart"/ },
  { name: 'a getter', act: withGetter, status: 500, says: /The key "cart"/ },
  { name: 'toJSON', act: put({ toJSON: throwing }), status: 500, says: /The key "cart"/ },
  {
    name: 'cookie: null',
    act: (req) => void Object.assign(req.session, JSON.parse('{"views":2,"cookie":null}')),
    status: 500,
    says: /`cookie`/,
  },
  { name: 'cookie: a text', act: (req) => void Object.assign(req.session, { cookie: 'x' }), status: 500, says: /`cookie`/ },
  { name: 'a session that is none', act: (req) => void Object.assign(req, { session: { views: 2 } }), status: 500, says: /`cookie`/ },
  { name: 'a session that is a text', act: (req) => void Object.assign(req, { session: 'views' }), status: 500, says: /`cookie`/ },
  {
    name: 'a cookie with a getter',
    act: (req) =>
      void Object.assign(req.session, { views: 2, cookie: Object.defineProperty({}, 'path', { enumerable: true, get: throwing }) }),
    status: 500,
  },
  { name: 'a prototype of the body', act: (req) => void Object.setPrototypeOf(req.session, {}), status: 200 },
  {
    name: 'serialize',
    options: (fail) => ({ serializer: { ...jsonSerializer, serialize: (data) => fail(JSON.stringify(data)) } }),
    act: change,
    status: 500,
  },
  {
    name: 'serialize, async',
    options: (fail) => ({ serializer: { ...jsonSerializer, serialize: async (data) => fail(JSON.stringify(data)) } }),
    act: change,
    status: 500,
  },
  ...['deserialize', 'deserialize, async'].map((name): Place => ({
    name,
    options: (fail) => {
      const deserialize = (text: string) => fail(jsonSerializer.deserialize(text));
      return {
        onUndecodable: 'error',
        serializer: { ...jsonSerializer, deserialize: name === 'deserialize' ? deserialize : async (text) => deserialize(text) },
      };
    },
    status: 500,
    only: 'loaded',
  })),
  { name: 'genid', options: (fail) => ({ genid: () => fail(`made by the application ${Math.random()}`) }), status: 500, only: 'new' },
  {
    name: 'genid, async',
    options: (fail) => ({ genid: () => maybe(fail, `made by the application ${Math.random()}`) }),
    status: 500,
    only: 'new',
  },
  { name: 'cookie', options: (fail) => ({ cookie: () => fail({}) }), status: 500 },
  { name: 'cookie, async', options: (fail) => ({ cookie: () => maybe(fail, {}) }), status: 500 },
  { name: 'idleTimeout', options: (fail) => ({ idleTimeout: () => fail(60_000) }), act: change, status: 500 },
  { name: 'idleTimeout, async', options: (fail) => ({ idleTimeout: () => maybe(fail, 60_000) }), act: change, status: 500 },
  { name: 'userId', options: (fail) => ({ userId: () => fail('ada') }), act: change, status: 500 },
  { name: 'userId, async', options: (fail) => ({ userId: () => maybe(fail, 'ada') }), act: change, status: 500 },
  { name: 'metadata', options: (fail) => ({ metadata: () => fail({}) }), act: change, status: 500 },
  { name: 'metadata, async', options: (fail) => ({ metadata: () => maybe(fail, {}) }), act: change, status: 500 },
  ...replaced('get', { status: 500, only: 'loaded' }),
  ...replaced('set', { act: change, status: 500 }),
  ...replaced('touch', { options: () => ({ touchInterval: 0, idleTimeout: () => 60_000 + ++uses }), status: 500, only: 'loaded' }),
  ...replaced('destroy', { options: () => ({ unset: 'destroy' }), act: (req) => void Object.assign(req, { session: null }), status: 500 }),
  ...(['created', 'saved'] as const).map((event): Place => ({
    name: `a listener of ${event}`,
    act: change,
    replace: (store, fail) => void store.on(event, () => fail(undefined)),
    status: 200,
  })),
  ...(['merge', 'merge, async'] as const).map((name): Place => ({
    name,
    options: (fail) => ({ merge: (_base, _theirs, own) => (name === 'merge' ? fail(own) : maybe(fail, own)) }),
    act: async (req) => {
      const store = req.sessionStore as unknown as SessionStore;
      const theirs = await store.get(req.sessionID);
      if (theirs) await store.set(req.sessionID, Object.assign(theirs, { theme: `theirs ${++uses}` }));
      req.session.locale = `mine ${++uses}`;
    },
    status: 500,
    only: 'loaded',
  })),
  ...(['end', 'writeHead'] as const).map((method): Place => ({
    name: `res.${method}, taken over by the application`,
    act: change,
    wrap: (res, fail) => {
      const original = res[method].bind(res) as (...args: unknown[]) => Response;
      let isFirst = true;
      const once = (...args: unknown[]) => {
        const isFailing = isFirst;
        isFirst = false;
        return original(...(isFailing ? fail(args) : args));
      };
      Object.assign(res, { [method]: once });
    },
    status: 500,
    ways: ['end'],
  })),
  { name: 'userId, at a login', options: (fail) => ({ userId: () => fail('ada') }), act: (req) => req.session.login('ada'), status: 500 },
  { name: 'a login that nobody waits for', act: (req) => void req.session.login(''), status: 200 },
  { name: 'a logout that nobody waits for', act: (req) => void req.session.logout({ clearSiteData: 1 as never }), status: 200 },
  { name: 'the change of an update', act: (req) => req.session.update(throwing), status: 500 },
  { name: 'the change of an update, async', act: (req) => req.session.update(async () => throwing()), status: 500 },
  { name: 'the change of an update that nobody waits for', act: (req) => void req.session.update(throwing), status: 200 },
  {
    name: 'a listener, async',
    act: change,
    replace: (store, fail) => void store.on('saved', () => maybe(fail, undefined)),
    status: 200,
  },
];

/** A value at once while all is well, else a promise that is rejected. */
function maybe<T>(fail: Fail, value: T): T {
  try {
    return fail(value);
  } catch (error) {
    const rejected: unknown = Promise.reject(error);
    return rejected as T;
  }
}

const errors: unknown[] = [];
const note = (error: unknown) => void errors.push(error);

beforeEach(() => {
  errors.length = 0;
  process.on('uncaughtException', note).on('unhandledRejection', note);
});
afterEach(() => {
  process.off('uncaughtException', note).off('unhandledRejection', note);
});

describe.each(['Express', 'Nest'] as const)('what the code of the application throws inside ours, under %s', (framework) => {
  const cases = PLACES.flatMap((place) =>
    (['new', 'loaded'] as const).filter((kind) => (place.only ?? kind) === kind).map((kind) => [place.name, kind, place] as const),
  );

  it.each(cases)('ends no process: %s, %s session', (_, kind, place) => endsNoProcess(framework, kind, place));

  const strange = cases.filter(([name]) => /^(userId(?!, at)|idleTimeout|store\.|a listener|toJSON)/.test(name));
  it.each(STRANGE.flatMap(([what, make]) => strange.map(([name, kind, place]) => [what, name, kind, place, make] as const)))(
    'nor %s: %s, %s session',
    async (_what, _name, kind, place, make) => {
      const usual = thrown;
      thrown = make;
      onTestFinished(() => void (thrown = usual));
      await endsNoProcess(framework, kind, { ...place, says: undefined });
    },
  );
});

async function endsNoProcess(framework: 'Express' | 'Nest', kind: 'new' | 'loaded', place: Place): Promise<void> {
  let isBroken = false;
  const fail: Fail = (value) => {
    if (isBroken) throw mine();
    return value;
  };
  const app = await startThrowing(framework, place.options?.(fail) ?? {}, (res) => place.wrap?.(res, fail));
  place.replace?.(app.store, fail);

  for (const way of place.ways ?? WAYS) {
    const browser = new Browser(app.address);
    if (kind === 'loaded') await browser.get('/begin');
    app.act = place.act ?? (() => undefined);
    isBroken = true;
    await (way === 'endless' ? leave(browser) : ask(browser, way, place));
    isBroken = false;
    app.act = () => undefined;
    expect((await new Browser(app.address).get('/ping')).status).toBe(200);
  }
  expect(errors).toEqual([]);
}

async function ask(browser: Browser, way: Way, { status, says }: Place): Promise<void> {
  const answer = await browser.get(`/${way}`);
  expect([way, answer.status]).toEqual([way, status]);
  const text = await answer.text();
  if (status === 200) expect(text).toMatch(/the rest$/);
  else if (says && text.includes('SessionS')) expect((JSON.parse(text) as { message: string }).message).toMatch(says);
}

/** Leaves in the middle of a stream; a place that fails before its head answers with an error, as well. */
async function leave(browser: Browser): Promise<void> {
  const abort = new AbortController();
  const answer = await browser.get('/endless', { signal: abort.signal });
  abort.abort();
  await answer.text().catch(() => undefined);
}

/**
 * Where `lib` registers a callback, or takes the place of a method: each is a place from which an error might go nowhere. A new
 * one belongs into the table above, if code of the application runs in it, and then here.
 */
const REGISTRATIONS =
  /\.(?:on|once|prependListener|then|catch|finally)\(|\b(?:setTimeout|setImmediate|setInterval|nextTick|queueMicrotask)\(|defineProperty\(/g;

it('Every callback that the exchange registers is known here', () => {
  const found: Record<string, number> = {};
  // No code of the application runs in `batching`.
  for (const folder of ['lib/http', 'lib/nest', 'lib/store']) {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    for (const file of files.filter((name) => !name.startsWith('batching'))) {
      const code = readFileSync(`${folder}/${file}`, 'utf8').replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '');
      const count = code.match(REGISTRATIONS)?.length ?? 0;
      if (count > 0) found[`${folder}/${file}`] = count;
    }
  }
  expect(found).toEqual({
    'lib/http/exchange.ts': 4,
    'lib/http/held-response.ts': 6,
    'lib/http/session-middleware.ts': 1,
    'lib/nest/http-server.ts': 1,
    'lib/nest/watching/session-health.indicator.ts': 2,
    'lib/nest/locking/request-lock.ts': 4,
    'lib/nest/locking/session-lock.interceptor.ts': 1,
    'lib/nest/sockets/socket-watch.ts': 3,
    'lib/nest/sockets/with-sessions.ts': 2,
    'lib/store/caching/caching-table.ts': 1,
    'lib/store/caching/end-notices.ts': 2,
    'lib/store/caching/same-turn.ts': 1,
    'lib/store/callback.ts': 5,
    'lib/store/compose.ts': 1,
    'lib/store/session-store.ts': 1,
    'lib/store/start-up.ts': 1,
    'lib/store/session/codec.ts': 6,
    'lib/store/session/replaced-object.ts': 2,
    'lib/store/session/merging/merge-deep.ts': 1,
    'lib/store/session/origin.ts': 3,
    'lib/store/session/session-object.ts': 2,
    'lib/store/serializers/graph-reader.ts': 1,
    'lib/store/serializers/unserializable.ts': 1,
    'lib/store/runtime/availability-monitor.ts': 1,
    'lib/store/runtime/deadlines.ts': 4,
    'lib/store/runtime/events.ts': 1,
    'lib/store/users/revoker.ts': 5,
    'lib/store/runtime/telemetry.ts': 1,
    'lib/store/users/sign-in.ts': 3,
    'lib/store/work/lock.ts': 1,
    'lib/store/work/pruner.ts': 6,
    'lib/store/work/reader.ts': 1,
    'lib/store/work/renewal.ts': 2,
    'lib/store/work/updater.ts': 1,
    'lib/store/work/writer.ts': 2,
    'lib/store/owner/new-device.ts': 1,
    'lib/store/owner/session-limit.ts': 4,
    'lib/store/work/id-migration.ts': 2,
  });
});
