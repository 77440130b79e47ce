import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { SessionOptionsError } from '../../lib/session.errors.js';
import { SessionEntity } from '../../lib/table/entity/session.entity.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import { jsonSerializer } from '../../lib/store/serializers/serializer.js';
import type { SessionModuleOptions } from '../../lib/store/options/session-options.js';
import { embedded } from '../support/embedded.js';

const SECRET = 'correct horse battery staple';

/** The error for options as they come from untyped code. */
function errorOf(options: unknown): SessionOptionsError {
  try {
    resolveOptions(options as SessionModuleOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(SessionOptionsError);
    expect(error).toMatchObject({ code: 'SESSION_OPTIONS', status: 500, expose: false });
    return error as SessionOptionsError;
  }
  throw new Error('The options were accepted.');
}

const DURATIONS: readonly unknown[] = [
  '5 minutes',
  '5min',
  '30',
  '',
  ' 30m',
  '30m ',
  '-30m',
  '1h30m',
  '30M',
  'm',
  '1e3s',
  '0x1m',
  -1,
  NaN,
  Infinity,
  -Infinity,
  null,
  true,
  {},
  [],
  10n,
];
/** Whose values could come from anywhere, and were not written where the options are. */
class Plain {
  readonly interval = '1m';
}

const ZEROS: readonly unknown[] = [0, -0, '0', '0s', '0.0d', 0.4];

/** Values that each option refuses, besides what all refuse. */
const REFUSED: Readonly<Record<keyof SessionModuleOptions, readonly unknown[]>> = {
  secret: [undefined, null, '', [], [''], [SECRET, ''], [undefined], 5, {}, true, Buffer.alloc(0)],
  name: ['', 'a b', 'a;b', 'a=b', 'sid\n', 'ü', 5, null],
  cookie: [null, [], 'secure', 5, true, new Map(), new Date(), new Plain()],
  genid: [null, 'uuid', {}],
  proxy: [null, 'true', 1],
  rolling: [null, 'true', 1],
  saveUninitialized: [null, 'false', 0],
  resave: [null, 'false', 0],
  unset: [null, 'delete', true, ''],
  dataSource: [null, 5, true, '', {}, [], new Date(), Promise.resolve(), embedded, { options: embedded }],
  connection: [null, 'postgres://localhost/db', {}, 5, [], { ...embedded, entities: [SessionEntity] }],
  entity: [null, [], 'Session', 5],
  columns: [null, [], 'id', new Map(), new Date()],
  lifetimes: [null, 'AAL4', 'aal1', 2, true, 'constructor'],
  idleTimeout: [...DURATIONS, ...ZEROS],
  anonymousTimeout: [...DURATIONS, ...ZEROS],
  absoluteTimeout: [...DURATIONS.filter((value) => value !== null), ...ZEROS, null],
  touchInterval: DURATIONS,
  renewAfter: [...DURATIONS, ...ZEROS, 29_999, '29s'],
  prune: [null, true, 0, [], '15m', 'never', new Map(), new Date(), new Plain()],
  overlap: [null, 'Merge', 'last', true, ''],
  merge: [null, true, 'deep'],
  onInterrupted: [null, 'ignore', true],
  onUnavailable: [null, 'ignore', true],
  saveOnError: [null, 'yes', 0],
  userId: [null, 'userId', {}],
  metadata: [null, [], 'full', 1, new Map(), new Plain()],
  csrf: [null, 'true', 1, 'https://a.example', ['https://a.example'], new Map(), new Plain()],
  maxSessionsPerUser: [null, 0, -1, 1.5, NaN, Infinity, '3', true],
  onLimit: [null, 'evict', 'evictoldest', true],
  serializer: [null, 'yaml', '', 5, {}, { serialize: () => '' }, JSON, jsonSerializer.serialize],
  encryption: [null, true, SECRET, [], [{ id: 'a', secret: SECRET }], new Map()],
  maxDataBytes: [null, 0, -1, 1.5, NaN, Infinity, '1mb', '1048576'],
  adopt: ['connect-redis', 1, null, true, new Map()],
  hashIds: [null, 'true', 1, 'hash'],
  onUndecodable: [null, 'ignore', true],
  operationTimeout: [...DURATIONS, ...ZEROS, '25d', 2 ** 31],
  preparedStatements: [null, 'false', 0],
  touchDurability: [null, 'off', false],
  cache: [null, true, 0, [], '5s', 5_000, new Map(), new Date(), new Plain()],
  forRoutes: [null, '/api', {}, [], [5], [null], [''], [{}], [{ path: '/api' }], [{ path: '/api', method: 'GET' }], [[]]],
  exclude: [null, '/health', {}, [5], [null], [''], [{}], [{ path: '/a', method: 'GET' }], [class {}], [[]]],
  autoMount: [null, 'false', 0],
};
const CASES = Object.entries(REFUSED).flatMap(([name, values]) => values.map((value) => [name, value] as const));

const secretOf = (options: object) => ({ secret: SECRET, ...options });

describe('resolveOptions refuses', () => {
  it.each(CASES)('%s of %o, and names option and remedy', (name, value) => {
    const { message } = errorOf(secretOf({ [name]: value }));
    expect(message).toContain(`\`${name}\``);
    expect(message).toMatch(/It must be .+\.$/s);
    expect(message).not.toContain(SECRET);
  });

  it.each([undefined, null, 5, 'secret', true])('options that are %s', (options) => {
    expect(errorOf(options).message).toMatch(/secret/);
  });

  it('what to do at a limit without a limit', () => {
    expect(errorOf(secretOf({ onLimit: 'reject' })).message).toMatch(
      /`onLimit` does nothing without `maxSessionsPerUser`.* remove `onLimit`/,
    );
  });

  it.each([
    [{ columns: { id: 5 } }, /`columns\.id` is 5\. It must be the name of an entity property/],
    [{ columns: { data: null } }, /`columns\.data` is null/],
    [{ columns: { handle: '' } }, /`columns\.handle` is ""/],
    [{ cache: new Map() }, /`cache` is an object of the class Map/],
  ])('the entry that is wrong: %o', (options, message) => {
    expect(errorOf(secretOf(options)).message).toMatch(message);
  });

  it('no object without a prototype, as a ConfigService may return', () => {
    const bare = (values: object): object => Object.assign(Object.create(null) as object, values);
    const options = { prune: bare({ interval: '1m' }), cookie: bare({ path: '/a' }), cache: bare({}), columns: bare({ id: 'sid' }) };
    expect(resolveOptions(bare(secretOf(options)) as SessionModuleOptions)).toMatchObject({ prune: { intervalMs: 60_000 } });
  });

  it('no column that is undefined, which is as good as left out', () => {
    const columns = { id: 'sid', version: undefined } as never;
    expect(Object.keys(resolveOptions({ secret: SECRET, columns }).columns)).toEqual(['id']);
    const adopted = resolveOptions({
      secret: SECRET,
      columns: { data: undefined } as never,
      adopt: 'connect-typeorm',
      entity: SessionEntity,
    });
    expect(adopted.columns).toMatchObject({ data: 'json' });
  });

  it('options without a secret', () => {
    expect(errorOf({}).message).toMatch(/`secret` is missing/);
  });

  it.each(['ttl', 'store', 'Secret', 'touchAfter', 'encrypt', '__proto__', 'constructor', 'toString'])(
    'an unknown option %s, and says which there are',
    (name) => {
      const options = JSON.parse(`{"secret":"${SECRET}","${name}":"${SECRET}"}`) as unknown;
      const { message } = errorOf(options);
      expect(message).toContain(`"${name}"`);
      expect(message).toMatch(/Remove it/);
      expect(message).toContain('idleTimeout');
      expect(message).not.toContain(SECRET);
    },
  );

  it.each([
    ['ttl', '`idleTimeout`'],
    ['maxAge', '`cookie.maxAge` or `idleTimeout`'],
    ['expires', '`cookie.maxAge` or `idleTimeout`'],
    ['store', 'This package is the store itself'],
    ['table', 'defineSessionEntity({ tableName })'],
    ['tableName', 'defineSessionEntity({ tableName })'],
    ['schemaName', 'defineSessionEntity({ schema })'],
    ['repository', '`entity`'],
    ['key', '`name`'],
    ['keys', '`secret`'],
    ['touchAfter', '`touchInterval`'],
    ['checkExpirationInterval', '`prune: { interval }`'],
    ['cleanupLimit', '`prune: { batchSize }`'],
    ['httpOnly', 'set it in `cookie`'],
    ['sameSite', 'set it in `cookie`'],
    ['Secret', '`secret`'],
    ['idletimeout', '`idleTimeout`'],
    ['idleTimout', '`idleTimeout`'],
    ['absolute_timeout', '`absoluteTimeout`'],
    ['saveUninitialised', '`saveUninitialized`'],
    ['datasource', '`dataSource`'],
    ['serialiser', '`serializer`'],
    ['hashIDs', '`hashIds`'],
  ])('%s, and says what was meant: %s', (name, meant) => {
    const { message } = errorOf(secretOf({ [name]: 1 }));
    expect(message.slice(0, message.indexOf(' Remove it'))).toContain(meant);
  });

  it.each(['sealing2', 'x', '', 'prototype', 'lifecycle'])('%o, and guesses nothing where nothing comes near', (name) => {
    expect(errorOf(secretOf({ [name]: 1 })).message).toContain(`"${name}". Remove it`);
  });

  it('a misspelt field of columns, and says what was meant', () => {
    expect(errorOf(secretOf({ columns: { userid: 'owner' } })).message).toContain('"columns.userid". Did you mean `columns.userId`?');
    expect(errorOf(secretOf({ columns: { card: 'card' } })).message).toMatch(/"columns\.card"\. Remove it, or use one of: id, data, /);
  });

  it('a misspelt option of prune, and says what was meant', () => {
    expect(errorOf(secretOf({ prune: { batchsize: 5 } })).message).toContain('Did you mean `prune.batchSize`?');
  });

  it.each(['idleTimeout', 'absoluteTimeout', 'touchInterval', 'renewAfter', 'operationTimeout'])(
    'a wrong duration of %s with unit and example',
    (name) => {
      expect(errorOf(secretOf({ [name]: '5 minutes' })).message).toMatch(/milliseconds.*'\d+m'/);
      expect(errorOf(secretOf({ [name]: '1800000' })).message).toContain('write 1800000 without quotation marks');
    },
  );

  it.each([
    ['prune.interval', { interval: 0 }],
    ['prune.interval', { interval: '15 minutes' }],
    ['prune.interval', { interval: -1 }],
    ['prune.interval', { interval: NaN }],
    ['prune.interval', { interval: false }],
    ['prune.interval', { interval: '25d' }],
    ['prune.batchSize', { batchSize: 0 }],
    ['prune.batchSize', { batchSize: 1.5 }],
    ['prune.batchSize', { batchSize: Infinity }],
    ['prune.batchSize', { batchSize: '1000' }],
  ])('%s in %o', (name, prune) => {
    expect(errorOf(secretOf({ prune })).message).toContain(`\`${name}\``);
  });

  it('an unknown option of prune', () => {
    expect(errorOf(secretOf({ prune: { every: '15m' } })).message).toContain('"prune.every"');
  });

  it.each([[{ idleTimeout: '31d' }], [{ idleTimeout: '2h', absoluteTimeout: '1h' }], [{ idleTimeout: 3_600_001, absoluteTimeout: '1h' }]])(
    'an idle timeout over the absolute one: %o',
    (options) => {
      const { message } = errorOf(secretOf(options));
      expect(message).toContain('`idleTimeout`');
      expect(message).toContain('`absoluteTimeout`');
    },
  );

  it.each([[{ idleTimeout: '1h', absoluteTimeout: '1h' }], [{ idleTimeout: '31d', absoluteTimeout: false }]])(
    'no idle timeout up to the absolute one: %o',
    (options) => {
      expect(resolveOptions(secretOf(options) as SessionModuleOptions)).toBeDefined();
    },
  );

  it('a data source and a connection at once', () => {
    const connection = embedded;
    const { message } = errorOf(secretOf({ dataSource: new DataSource(connection), connection }));
    expect(message).toContain('`dataSource`');
    expect(message).toContain('`connection`');
    expect(errorOf(secretOf({ dataSource: 'default', connection })).message).toContain('`connection`');
  });
});

describe('the error of a wrong option shows no secret', () => {
  it('of the cookies', () => {
    for (const secret of [[SECRET, ''], [SECRET, 5], { key: SECRET }]) expect(errorOf({ secret }).message).not.toContain(SECRET);
  });

  it('of a connection', () => {
    const url = 'postgres://app:hunter2@db/app';
    for (const connection of [url, [url], { url }]) expect(errorOf(secretOf({ connection })).message).not.toContain('hunter2');
  });

  it('of a value that cannot be shown', () => {
    expect(errorOf(secretOf({ name: Object.create(null) as unknown })).message).toContain('`name`');
    expect(errorOf(secretOf({ name: Symbol('x') })).message).toContain('`name`');
  });
});

describe('a function as idleTimeout', () => {
  it.each([...DURATIONS, ...ZEROS, undefined])('that returns %o is an error of the save', (value) => {
    const resolved = resolveOptions({ secret: SECRET, idleTimeout: () => value as number });
    expect(() => resolved.idleTimeoutMs({} as never)).toThrow(SessionOptionsError);
  });

  it.each([
    ['30m', 1_800_000],
    [5, 5],
  ] as const)('that returns %o gives milliseconds', (value, ms) => {
    expect(resolveOptions({ secret: SECRET, idleTimeout: () => value }).idleTimeoutMs({} as never)).toBe(ms);
  });
});
