import { SessionModule, type SessionModuleOptions } from 'nestjs-typeorm-session';
import { createSessionMiddleware, createSessionStore, SessionUnavailableError } from 'nestjs-typeorm-session/express';
import type { DataSourceOptions } from 'typeorm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { toOpeningError, toSessionError } from '../../lib/table/database-error.js';
import { Browser } from '../support/browser.js';
import { describeEachServer } from '../support/databases.js';
import { embedded } from '../support/embedded.js';
import { startExpress } from '../support/express-app.js';
import { createApp, startApp } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';
import { ViewsController } from '../support/views.js';

/** What untyped code may give. */
const IMPOSSIBLE: [mistake: string, given: object, sentence: RegExp][] = [
  [
    'synchronize as text',
    { connection: { ...embedded, synchronize: 'false' } },
    /`connection\.synchronize` is "false"\. It must be true or false, without quotation marks/,
  ],
  ['a file without a name', { connection: { type: 'better-sqlite3' } }, /`connection\.database` is missing.*the path of a file/],
  ['a file with an empty name', { connection: { database: '', type: 'better-sqlite3' } }, /`connection\.database` is "".*':memory:'/],
  ['a URL that is none', { connection: { type: 'postgres', url: 'localhost' } }, /`connection\.url` is no URL.*such as postgres:/],
  ['an empty URL', { connection: { type: 'mariadb', url: '' } }, /`connection\.url` is no URL/],
  [
    'a URL of a replica that is none',
    { connection: { type: 'postgres', replication: { master: { url: 'postgres://127.0.0.1/shop' }, slaves: [{ url: 'replica:5432' }] } } },
    /`connection\.url` is no URL/,
  ],
  ['what resembles a data source', { dataSource: { options: { type: 'postgres' } } }, /`dataSource` is an object.*or a DataSource/],
];

describe('Options with which no data source can be opened are refused at the start', () => {
  const optionsOf = (given: object) => ({ secret: SECRET, prune: false, ...given }) as SessionModuleOptions;
  const error = (sentence: RegExp) =>
    expect.objectContaining({ name: 'SessionOptionsError', message: expect.stringMatching(sentence) }) as Error;

  it.each(IMPOSSIBLE)('under Nest: %s', async (_, given, sentence) => {
    await expect((async () => createApp({ imports: [SessionModule.forRoot(optionsOf(given))] }))()).rejects.toThrow(error(sentence));
  });

  it.each(IMPOSSIBLE)('without Nest: %s', (_, given, sentence) => {
    expect(() => void createSessionMiddleware(optionsOf(given))).toThrow(error(sentence));
    expect(() => void createSessionStore(optionsOf(given))).toThrow(error(sentence));
  });
});

describeEachServer('A server that does not let us in', (database) => {
  const { url = '' } = database.options as { url?: string };
  const at = (change: (url: URL) => void): DataSourceOptions => {
    const changed = new URL(url);
    change(changed);
    return { ...database.options, url: changed.href } as DataSourceOptions;
  };
  const CASES: [string, () => DataSourceOptions, RegExp][] = [
    [
      'an unknown database',
      () => at((changed) => (changed.pathname = '/no_such_database')),
      /: there is no database "no_such_database"\. Create it, or correct `database` or `url` in the option `connection`\./,
    ],
    [
      'an unknown user',
      () => at((changed) => Object.assign(changed, { username: 'nobody', password: 'a-wrong-password' })),
      /: the server does not accept the user or the password\. Correct `username`, `password` or `url` in the option `connection`\./,
    ],
  ];

  it.each(CASES)('is a warning that says why, and the application starts: %s', async (_, connection, sentence) => {
    const module = SessionModule.forRoot({ secret: SECRET, connection: connection(), prune: false });
    const { address, log } = await startApp({ imports: [module], controllers: [ViewsController] });
    expect(log.warnings).toEqual([expect.stringMatching(/cannot be used yet\. It is tried again at first use/)]);
    expect(log.warnings).toEqual([expect.stringMatching(sentence)]);
    expect(log.warnings.join()).not.toMatch(/does not answer|a-wrong-password/);
    expect((await new Browser(address).get('/views')).status).toBe(503);
    expect(log.errors).toEqual([expect.stringMatching(sentence)]);
  });

  it.each(CASES)('is a SessionUnavailableError that says why, without Nest: %s', async (_, connection, sentence) => {
    const middleware = createSessionMiddleware({ secret: SECRET, connection: connection(), prune: false });
    onTestFinished(() => middleware.store.close());
    const errors: unknown[] = [];
    const address = await startExpress((app) => {
      app.use(middleware);
      app.get('/views', (req, res) => res.json({ views: (req.session.views = 1) }));
      app.use((error: unknown, _req: unknown, res: { status(code: number): { end(): void } }, _next: unknown) => {
        errors.push(error);
        res.status(503).end();
      });
    });
    expect((await new Browser(address).get('/views')).status).toBe(503);
    expect(errors).toEqual([expect.any(SessionUnavailableError)]);
    expect(String(errors[0])).toMatch(sentence);
    const store = createSessionStore({ connection: connection(), prune: false });
    onTestFinished(() => store.close());
    await expect(store.ping()).rejects.toThrow(sentence);
  });
});

it('What a server says to a new connection of a pool is told, too', () => {
  const shape = { table: '"sessions"', metadata: { tableName: 'sessions', columns: [] } } as unknown as Parameters<
    typeof toSessionError
  >[1];
  const error = Object.assign(new Error('password authentication failed for user "ann"'), { code: '28P01' });
  expect(toSessionError(error, shape).message).toMatch(
    /\(28P01\): the server does not accept the user or the password\. Correct .* in the options of the data source\.$/,
  );
});

describe('What a server says at the door is told', () => {
  it.each([
    [{ code: '28P01', message: 'password authentication failed for user "ann"' }, /\(28P01\): the server does not accept the user/],
    [{ code: 'ER_ACCESS_DENIED_NO_PASSWORD_ERROR', errno: 1698, message: 'Access denied' }, /: the server does not accept the user/],
    [{ code: 'ER_DBACCESS_DENIED_ERROR', errno: 1044, message: 'Access denied' }, /: the user has no rights on the database\. Grant/],
    [{ code: 'ER_NO_DB_ERROR', errno: 1046, message: 'No database selected' }, /: no database is named\. Set `database`/],
    [{ code: '3F000', message: 'schema "shop" does not exist' }, /: there is no schema "shop"\. Create it, or correct `schema`/],
    [{ code: '3D000', message: 'база данных не существует' }, /: there is no database of this name\./],
    [{ code: 'ECONNREFUSED', message: 'connect' }, /\(ECONNREFUSED\)\. Look at the cause/],
  ])('%o', (driverError, sentence) => {
    expect(toOpeningError(Object.assign(new Error(driverError.message), driverError)).message).toMatch(sentence);
  });
});
