import { Controller, Get, type INestApplication } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { NextFunction, Request, Response as ExpressResponse } from 'express';
import expressSession from 'express-session';
import { Session, SessionEntity, SessionModule, type SessionModuleOptions } from 'nestjs-typeorm-session';
import { createSessionMiddleware, createSessionStore } from 'nestjs-typeorm-session/express';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ADAPTERS, type Adapter } from '../support/adapters.js';
import { embedded } from '../support/embedded.js';
import { startExpress } from '../support/express-app.js';
import { createApp, startApp, type Configure } from '../support/nest-app.js';
import { rawRequest } from '../support/raw-request.js';
import { SECRET } from '../support/secret.js';
import '../support/session-data.js';

/** What somebody writes who cannot know better; values that the types forbid come from JavaScript and from the environment. */
type Given = { [Name in keyof SessionModuleOptions]?: unknown };
const optionsOf = (given: Given): SessionModuleOptions => ({ secret: SECRET, prune: false, ...given }) as SessionModuleOptions;
const cookie = (attributes: object): Given => ({ connection: embedded, cookie: attributes });

const noServer = { type: 'postgres', url: 'postgres://nobody@127.0.0.1:1/none' } as const;
const mongodb = { type: 'mongodb', database: 'shop', driver: {} } as DataSourceOptions;

@Controller()
class ViewsController {
  @Get('views')
  views(@Session() session: Session) {
    return { views: (session.views = (session.views ?? 0) + 1) };
  }
}
const controllers = [ViewsController];

let said: string[];
beforeEach(() => {
  said = [];
  vi.spyOn(console, 'warn').mockImplementation((message: string) => void said.push(message));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** An application of Express without Nest: what was said, and what its error handler got. */
async function startPlain(given: Given, before: (app: Parameters<Parameters<typeof startExpress>[0]>[0]) => void = () => {}) {
  const errors: string[] = [];
  const middleware = createSessionMiddleware(optionsOf(given));
  onTestFinished(() => middleware.store.close());
  const address = await startExpress((app) => {
    before(app);
    app.use(middleware);
    app.get('/views', (req, res) => res.json({ views: (req.session.views = 1) }));
    app.use((error: Error & { status?: number }, _: Request, res: ExpressResponse, _next: NextFunction) => {
      errors.push(error.message);
      res.status(error.status ?? 500).end();
    });
  });
  return { address, errors };
}

/** Mistakes that stop the start, under Nest and without it, each with what the error says: the mistake and the remedy. */
const REFUSED: [trial: string, mistake: string, given: Given, sentence: RegExp, environment?: string][] = [
  ['T4', 'maxAge as text', cookie({ maxAge: '86400000' }), /`cookie\.maxAge` is "86400000".*without quotation marks/],
  ['T4', 'secure as text', cookie({ secure: 'false' }), /`cookie\.secure` is "false".*without quotation marks/],
  ['T4', 'a misspelt sameSite', cookie({ sameSite: 'laxx' }), /`cookie\.sameSite` is "laxx".*"lax"/],
  ['T4', 'an unknown priority', cookie({ priority: 'urgent' }), /`cookie\.priority` is "urgent".*"low" or "medium" or "high"/],
  [
    'T4',
    'a domain with a port',
    cookie({ domain: 'localhost:3000' }),
    /`cookie\.domain` is "localhost:3000".*without scheme, port or path/,
  ],
  ['T4', 'a domain with a scheme', cookie({ domain: 'https://shop.example' }), /`cookie\.domain`.*without scheme/],
  ['T4', 'expires as text', cookie({ expires: 'tomorrow' }), /`cookie\.expires` is "tomorrow".*`cookie\.maxAge`/],
  ['T4', 'a misspelt key', cookie({ maxage: 5 }), /"cookie\.maxage".*Did you mean `cookie\.maxAge`/],
  ['T4', 'a path that is none', cookie({ path: 5 }), /`cookie\.path` is 5.*begins with "\/"/],
  ['T4', 'an age beyond the absolute timeout', cookie({ maxAge: '31d' }), /`cookie\.maxAge` is "31d".*`absoluteTimeout`.*720 hours/],
  ['T13', 'the option of another store', { connection: embedded, ttl: 60 } as Given, /"ttl".*Did you mean `idleTimeout`/],
  ['T13', 'maxAge beside the cookie', { connection: embedded, maxAge: 60 } as Given, /"maxAge".*`cookie\.maxAge`/],
  ['T13', 'a store as an option', { connection: embedded, store: {} } as Given, /"store".*This package is the store itself/],
  ['T13', 'no data source in production', {}, /no data source.*Pass `dataSource`.*`connection`/, 'production'],
  ['T13', 'MongoDB', { dataSource: new DataSource(mongodb) }, /MongoDB, which has no SQL.*`connection: \{/],
  ['T13', 'a connection to MongoDB', { connection: mongodb }, /MongoDB, which has no SQL.*`connection: \{/],
  ['T13', 'a secret of one letter', { connection: embedded, secret: 'a' }, /`secret`.*guesses.*openssl rand/, 'production'],
  ['T29', 'the secret of a sample', { connection: embedded, secret: 'keyboard cat' }, /`secret` is a sample.*openssl rand/, 'production'],
  ['T29', 'SameSite=None without Secure', cookie({ sameSite: 'none', secure: false }), /drop.*sameSite: 'none'.*Set `secure: true`/],
  [
    'T29',
    '__Host- with a domain',
    { ...cookie({ secure: true, domain: 'shop.example' }), name: '__Host-sid' },
    /drop.*`cookie\.domain`.*Leave both out/,
  ],
  ['T29', '__Host- with a path', { ...cookie({ secure: true, path: '/app' }), name: '__Host-sid' }, /drop.*`cookie\.path`.*Leave both out/],
];

describe('Refused at the start', () => {
  const error = (sentence: RegExp) =>
    expect.objectContaining({ name: 'SessionOptionsError', message: expect.stringMatching(sentence) }) as Error;
  const stub = (environment?: string) => environment !== undefined && vi.stubEnv('NODE_ENV', environment);

  it.each(REFUSED)('%s, under Nest: %s', async (_trial, _mistake, given, sentence, environment) => {
    stub(environment);
    await expect((async () => createApp({ imports: [SessionModule.forRoot(optionsOf(given))] }))()).rejects.toThrow(error(sentence));
  });

  it.each(REFUSED)('%s, without Nest: %s', (_trial, _mistake, given, sentence, environment) => {
    stub(environment);
    expect(() => void createSessionMiddleware(optionsOf(given))).toThrow(error(sentence));
  });

  it('T13, without Nest: the name of a data source', () => {
    expect(() => void createSessionMiddleware(optionsOf({ dataSource: 'shop' }))).toThrow(
      /`dataSource`.*DataSource object here; only the Nest module finds one by its name/,
    );
  });

  it('T13, for a session() of one’s own: what only a middleware can do', () => {
    expect(() => void createSessionStore(optionsOf({ connection: embedded, csrf: true }))).toThrow(/`csrf`.*createSessionMiddleware/);
  });
});

/** Mistakes of the application around the module, each with what stops the start or is warned of there. */
const AROUND: [mistake: string, imports: () => object[], configure: Configure | undefined, sentence: RegExp][] = [
  [
    'a data source of another name',
    () => [TypeOrmModule.forRoot({ ...embedded, name: 'shop', manualInitialization: true }), sessions({})],
    undefined,
    /No unnamed data source.*only "shop"\. Set `dataSource: 'shop'`/,
  ],
  [
    'a name that no data source has',
    () => [sessions({ dataSource: 'reports' })],
    undefined,
    /No data source named "reports".*TypeOrmModule\.forRoot\(\{ name: 'reports'/,
  ],
  ['no data source', () => [sessions({})], undefined, /kept in memory.*TypeOrmModule\.forRoot.*`connection`/],
  [
    'a data source that is down',
    () => [sessions({ connection: noServer })],
    undefined,
    /does not answer yet.*first use.*Start it, or correct the address/,
  ],
  [
    'a missing table',
    () => [sessions({ connection: { ...embedded, synchronize: false } })],
    undefined,
    /table .* is missing.*createSessionMigration.*synchronize/,
  ],
  [
    'a path with the global prefix',
    () => [sessions({ connection: embedded, exclude: ['api/views'] })],
    (app) => void app.setGlobalPrefix('api'),
    /"api\/views".*write "views"/,
  ],
  ['a secret of one letter', () => [sessions({ connection: embedded, secret: 'a' })], undefined, /`secret`.*openssl rand/],
  [
    'seconds instead of milliseconds',
    () => [sessions({ connection: embedded, idleTimeout: 1_800 })],
    undefined,
    /`idleTimeout` is 1800, which is 1\.8 seconds.*'30m'/,
  ],
];
const sessions = (given: Given) => SessionModule.forRoot(optionsOf(given));

const OTHERS: Record<Adapter, Configure> = {
  Express: (app) => void app.use(expressSession({ secret: SECRET, resave: false, saveUninitialized: false })),
  Fastify: (app) => {
    const plugin = (fastify: { decorateRequest(name: string, value: unknown): void }, _: unknown, done: () => void) => {
      fastify.decorateRequest('session', null);
      done();
    };
    void (app as INestApplication as NestFastifyApplication).register(
      Object.assign(plugin, { [Symbol.for('skip-override')]: true }) as never,
    );
  },
};

describe.each(ADAPTERS)('T13, under Nest on %s, at the start', (adapter) => {
  it.each(AROUND)('%s', async (_, imports, configure, sentence) => {
    const told = startApp({ imports: imports() as never[], controllers }, configure, adapter).then(
      ({ log }) => log.warnings,
      (error: Error) => [error.message],
    );
    await expect(told).resolves.toEqual([expect.stringMatching(sentence)]);
  });

  it('another session middleware', async () => {
    const { app } = await createApp({ imports: [sessions({ connection: embedded })], controllers }, undefined, adapter);
    await OTHERS[adapter](app);
    await expect(app.init()).rejects.toThrow(/another session (?:middleware|plugin).*main\.ts.*options to SessionModule\.$/);
    await app.close();
  });
});

/** Mistakes that show with the first request, each with the status, and what the log says. */
const AT_REQUEST: [trial: string, mistake: string, given: Given, headers: Record<string, string>, status: number, sentence: RegExp][] = [
  [
    'T4',
    'a wrong attribute from a function',
    { connection: embedded, cookie: () => ({ secure: 'yes' }) },
    {},
    500,
    /`cookie\.secure` is "yes"/,
  ],
  ['T13', 'secure over plain http', cookie({ secure: true }), {}, 200, /is not sent.*plain http.*trust proxy/],
  [
    'T13',
    'no trust proxy',
    cookie({ secure: true }),
    { 'x-forwarded-proto': 'https' },
    200,
    /X-Forwarded-Proto: https.*not trusted.*trust proxy/,
  ],
  ['T13', 'sameSite none without secure', cookie({ sameSite: 'none' }), {}, 200, /drop.*`sameSite: 'none'` needs `Secure`/],
  ['T29', 'a genid that gives "1"', { connection: embedded, genid: () => '1' }, {}, 500, /`genid`.*16/],
];

describe.each([...ADAPTERS, 'Express without Nest'] as const)('With the first request, on %s', (adapter) => {
  it.each(AT_REQUEST)('%s: %s', async (_trial, _mistake, given, headers, status, sentence) => {
    const { address, told } = await start(given);
    expect((await rawRequest(address, '/views', headers)).status).toBe(status);
    expect(told()).toEqual([expect.stringMatching(sentence)]);
  });

  it('T13: a route that is left out', async () => {
    if (adapter === 'Express without Nest')
      return expect(() => void createSessionMiddleware(optionsOf({ exclude: [] }))).toThrow(/`exclude`.*left out here/);
    const { address, told } = await start({ connection: embedded, exclude: ['views'] });
    expect((await rawRequest(address, '/views', {})).status).toBe(500);
    expect(told()).toEqual([expect.stringMatching(/ViewsController\.views uses @Session\(\).*`exclude` and `forRoutes`/)]);
  });

  async function start(given: Given) {
    if (adapter === 'Express without Nest') {
      const { address, errors } = await startPlain(given);
      return { address, told: () => [...said, ...errors] };
    }
    const { address, log } = await startApp({ imports: [sessions(given)], controllers }, undefined, adapter);
    return { address, told: () => [...log.warnings, ...log.errors] };
  }
});

describe('Without Nest', () => {
  it('T13: no data source', async () => {
    await startPlain({});
    expect(said).toEqual([expect.stringMatching(/kept in memory.*Pass `dataSource`.*`connection`/)]);
  });

  it.each([
    ['T13', 'a secret of one letter', { secret: 'a' }, /`secret`.*openssl rand/],
    ['T4', 'seconds instead of milliseconds', { idleTimeout: 1_800 }, /`idleTimeout` is 1800, which is 1\.8 seconds.*'30m'/],
  ])('%s: %s', async (_trial, _mistake, given, sentence) => {
    await startPlain({ connection: embedded, ...given });
    expect(said).toEqual([expect.stringMatching(sentence)]);
  });

  it('T13: a data source that nobody has opened', async () => {
    const dataSource = new DataSource({ ...embedded, entities: [SessionEntity] });
    const { address, errors } = await startPlain({ dataSource, operationTimeout: '1s' });
    expect((await rawRequest(address, '/views', {})).status).toBe(503);
    expect(errors).toEqual([expect.stringMatching(/not initialised within 1000 ms.*initialize\(\)/)]);
  });

  it('T13: a data source that is down', async () => {
    const { address, errors } = await startPlain({ connection: noServer });
    expect((await rawRequest(address, '/views', {})).status).toBe(503);
    expect(errors).toEqual([expect.stringMatching(/cannot open its own connection \(ECONNREFUSED\).*option `connection`/)]);
  });

  it('T13: a missing table', async () => {
    const { address, errors } = await startPlain({ connection: { ...embedded, synchronize: false } });
    expect((await rawRequest(address, '/views', {})).status).toBe(500);
    expect(errors).toEqual([expect.stringMatching(/table .* is missing.*createSessionMigration.*synchronize/)]);
  });

  it('T13: another session middleware before', async () => {
    const { address } = await startPlain({ connection: embedded }, (app) =>
      app.use(expressSession({ secret: SECRET, resave: false, saveUninitialized: false })),
    );
    for (let request = 0; request < 2; request++) expect((await rawRequest(address, '/views', {})).status).toBe(200);
    expect(said.filter((message) => !message.includes('MemoryStore'))).toEqual([
      expect.stringMatching(/Another middleware.*Remove that middleware/),
    ]);
  });
});
