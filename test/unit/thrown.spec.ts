import { DataSource, type DataSourceOptions } from 'typeorm';
import { afterEach, describe, expect, it } from 'vitest';
import { SessionError } from '../../lib/session.errors.js';
import { borrowDatabase, type DataSourceLifecycle } from '../../lib/table/data-source-lifecycle.js';
import { postgresTransport } from '../../lib/table/databases/postgres/postgres.transport.js';
import { TypeOrmSessionTable } from '../../lib/table/typeorm-session-table.js';
import { sources } from '../package/sources.js';
import { variantOf } from '../support/table-entities.js';
import { newRow, NOW } from '../support/table-rows.js';
import { readEntities, UNCONNECTED } from '../support/table-unconnected.js';
import { embedded } from '../support/embedded.js';

type Method = (...given: unknown[]) => unknown;
type Answer = (error: unknown, answer?: unknown) => void;
type Members = Record<string, unknown>;

/** What ended the process if this were one: errors that left a callback in the hands of a driver. */
const escaped: unknown[] = [];
/** What is thrown in the test that runs. */
let thrown: unknown;
/** The place that throws in the test that runs. */
let place = '';

/** Throws where it is this place's turn. */
function at(name: string): void {
  if (name === place) throw thrown;
}

/** Calls back as drivers do: later, and with nobody above to catch anything. */
function later(callback: () => void): void {
  setImmediate(() => {
    try {
      callback();
    } catch (error) {
      escaped.push(error);
    }
  });
}

/** Rejects later where the place is named so, and throws at once where it is named without that. */
async function laterAt(name: string): Promise<void> {
  await new Promise(setImmediate);
  at(`${name}, later`);
}

/** The answer of a driver; a failure where that is the turn, so that its own places are reached. */
function answerTo(callback: Answer, result: unknown): void {
  const isFailing = place === 'answer' || place === 'logQueryError';
  later(() => (isFailing ? callback(place === 'answer' ? thrown : new Error('refused')) : callback(null, result)));
}

const logger = () => ({ logQuery: () => at('logQuery'), logQueryError: () => at('logQueryError'), logQuerySlow: () => undefined });

function postgresDriver(): Members {
  const client = {
    get connection() {
      at('client.connection');
      return { parsedStatements: {}, parse: client.query, bind: client.query, execute: client.query, sync: client.query };
    },
    on: () => at('client.on'),
    removeListener: () => at('client.removeListener'),
    release: () => at('client.release'),
    query: (_: unknown, callback: Answer) => {
      at('client.query');
      answerTo(callback, { rows: [], rowCount: 0 });
    },
  };
  const connect = (callback: Answer) => {
    at('pool.connect');
    later(() => (place === 'pool.connect, later' ? callback(thrown) : callback(null, client)));
  };
  return { master: { connect } };
}

function mysqlDriver(): Members {
  const send = (_: unknown, __: unknown, callback: Answer) => {
    at('connection.query');
    answerTo(callback, { affectedRows: 0 });
  };
  const connection = {
    get stream() {
      at('connection.stream');
      return undefined;
    },
    query: send,
    execute: send,
    release: () => at('connection.release'),
  };
  const obtainMasterConnection = () => {
    at('obtainMasterConnection');
    return laterAt('obtainMasterConnection').then(() => connection);
  };
  return { obtainMasterConnection };
}

function betterSqliteDriver(): Members {
  const isPragma = (sql: unknown) => String(sql).startsWith('PRAGMA');
  const prepare = (sql: unknown) => {
    if (!isPragma(sql)) at('connection.prepare');
    const work = (): unknown => {
      at('statement.all');
      if (place === 'logQueryError') throw new Error('refused');
      return [];
    };
    const raw = () => at('statement.raw');
    return { reader: true, readonly: false, raw, all: work, run: work, pluck: () => undefined, get: () => 5_000 };
  };
  const databaseConnection = {
    get open() {
      at('connection.open');
      return true;
    },
    get inTransaction() {
      at('connection.inTransaction');
      return false;
    },
    prepare,
  };
  return { databaseConnection };
}

function sqljsDriver(): Members {
  const statement = {
    bind: () => at('statement.bind'),
    step: () => {
      at('statement.step');
      if (place === 'logQueryError') throw new Error('refused');
      return false;
    },
    get: () => [],
    free: () => at('statement.free'),
  };
  const databaseConnection = {
    prepare: () => {
      at('connection.prepare');
      return statement;
    },
    exec: () => at('connection.exec'),
    getRowsModified: () => {
      at('connection.getRowsModified');
      return 0;
    },
  };
  const autoSave = () => {
    at('autoSave');
    return laterAt('autoSave');
  };
  return { databaseConnection, autoSave };
}

function runner(): Members {
  const step = (name: string, result: unknown) => () => {
    at(name);
    return laterAt(name).then(() => result);
  };
  return {
    isTransactionActive: false,
    connect: step('runner.connect', {}),
    query: step('runner.query', { records: [], affected: 0 }),
    release: step('runner.release', undefined),
  };
}

/** All that is not ours and runs inside a statement, by the way that the statement takes. */
const EVERYWHERE = ['logQuery', 'driver.escape', 'onReady', 'transformer.to'];
const RUNNER_PLACES = [
  'createQueryRunner',
  ...['connect', 'query', 'release'].flatMap((step) => [`runner.${step}`, `runner.${step}, later`]),
];
const WAYS: Record<string, { options: DataSourceOptions; prepares: boolean; driver: () => Members; places: string[] }> = {
  pg: {
    options: UNCONNECTED.postgres,
    prepares: true,
    driver: postgresDriver,
    places: [
      'pool.connect',
      'pool.connect, later',
      'client.connection',
      'client.on',
      'client.query',
      'client.removeListener',
      'client.release',
      'answer',
      'logQueryError',
      ...EVERYWHERE,
    ],
  },
  mysql2: {
    options: UNCONNECTED.mysql,
    prepares: true,
    driver: mysqlDriver,
    places: [
      'obtainMasterConnection',
      'obtainMasterConnection, later',
      'connection.stream',
      'connection.query',
      'connection.release',
      'answer',
      'logQueryError',
      ...EVERYWHERE,
    ],
  },
  'better-sqlite3': {
    options: UNCONNECTED['better-sqlite3'],
    prepares: true,
    driver: betterSqliteDriver,
    places: [
      'connection.open',
      'connection.inTransaction',
      'connection.prepare',
      'statement.raw',
      'statement.all',
      'logQueryError',
      ...EVERYWHERE,
    ],
  },
  'sql.js': {
    options: UNCONNECTED.sqljs,
    prepares: true,
    driver: sqljsDriver,
    places: [
      'connection.exec',
      'connection.prepare',
      'statement.bind',
      'statement.step',
      'statement.free',
      'connection.getRowsModified',
      'autoSave',
      'autoSave, later',
      'logQueryError',
      ...EVERYWHERE,
    ],
  },
  'the query runner': {
    options: UNCONNECTED.postgres,
    prepares: false,
    driver: () => ({}),
    places: [...RUNNER_PLACES, ...EVERYWHERE.filter((name) => name !== 'logQuery')],
  },
  'the query runner of a shared connection': {
    options: UNCONNECTED['better-sqlite3'],
    prepares: false,
    driver: () => ({ databaseConnection: { open: false } }),
    places: RUNNER_PLACES.filter((name) => name !== 'createQueryRunner'),
  },
};

async function openTable(way: string): Promise<TypeOrmSessionTable> {
  const { options, prepares, driver } = WAYS[way]!;
  const transformer = {
    to: (value: unknown) => {
      at('transformer.to');
      return value;
    },
    from: (value: unknown) => value,
  };
  const entity = variantOf({ userId: { type: 'varchar', nullable: true, transformer } });
  const dataSource = await readEntities(options, [entity]);
  Object.assign(dataSource, { logger: logger() });
  const { escape } = dataSource.driver;
  Object.assign(dataSource.driver, driver(), {
    escape: (name: string) => {
      at('driver.escape');
      return escape.call(dataSource.driver, name);
    },
  });
  const { createQueryRunner } = dataSource.driver;
  const createRunner: Method = () => {
    at('createQueryRunner');
    return runner();
  };
  // Statements are built with runners that are never connected, and sent with others.
  dataSource.createQueryRunner = createRunner as DataSource['createQueryRunner'];
  if (way.endsWith('shared connection')) dataSource.driver.createQueryRunner = createRunner as typeof createQueryRunner;
  const lifecycle: DataSourceLifecycle = {
    dataSource,
    entity,
    isOpen: () => true,
    isClosed: () => false,
    closedError: () => {
      throw new Error('It is open.');
    },
    mayBeMakingTables: () => false,
    open: async () => undefined,
    close: async () => undefined,
  };
  return new TypeOrmSessionTable(lifecycle, { columns: {}, timeoutMs: 60_000, prepares, onReady: () => at('onReady') });
}

const CASES = Object.entries(WAYS).flatMap(([way, { places }]) => places.map((name) => [way, name] as const));

describe('What is thrown inside a statement', () => {
  afterEach(() => {
    escaped.length = 0;
    place = '';
  });

  it.each(CASES)('that goes through %s, at %s, rejects the operation', async (way, name) => {
    for (thrown of [new Error('thrown here'), 'thrown here', undefined]) {
      place = '';
      const table = await openTable(way);
      place = name;
      const error = await table.insert([newRow('a', { userId: 'ann' })]).then(
        () => 'no failure',
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(SessionError);
      const { cause } = error as SessionError;
      const message = cause instanceof Error ? cause.message : String(cause);
      // An error of sql.js is nothing but a text, which may be that of a trigger and hold data.
      const expected = way === 'sql.js' ? /thrown here|undefined|message of the trigger is left out/ : /thrown here|undefined/;
      expect(message).toMatch(expected);
      expect(escaped).toEqual([]);
    }
  });

  it('by a transformer of a row that was read rejects the read', async () => {
    const error = new Error('thrown here');
    const from = () => {
      throw error;
    };
    const entity = variantOf({ userId: { type: 'varchar', nullable: true, transformer: { to: String, from } } });
    const dataSource = await new DataSource({ ...embedded, entities: [entity], synchronize: true }).initialize();
    const table = new TypeOrmSessionTable(borrowDatabase(dataSource, entity, 60_000), { columns: {}, timeoutMs: 60_000 });
    await table.insert([newRow('a', { userId: 'ann' })]);
    await expect(table.find(['a'], NOW)).rejects.toMatchObject({ code: 'SESSION_SERIALIZATION', cause: error });
    await dataSource.destroy();
  });

  it('when a connection is given up ends nothing', async () => {
    const driver = postgresDriver();
    const connection = {
      parsedStatements: {},
      stream: {
        destroy() {
          throw new Error('thrown here');
        },
      },
    };
    const client = { connection, on: () => undefined, removeListener: () => undefined, release: () => undefined, query: () => undefined };
    Object.assign(driver, { master: { connect: (callback: Answer) => callback(null, client) } });
    const statement = { name: 'any', sql: 'SELECT 1', isFrequent: true, isPlain: false };
    const sent = postgresTransport({ driver, logger: logger() } as unknown as DataSource, statement, [], 1);
    await expect(sent).rejects.toMatchObject({ code: 'SESSION_UNAVAILABLE' });
  });
});

/** Where code of ours is handed to a driver, a timer or a promise. */
const HANDED_OVER = /\.(on|once|addListener|then|catch|finally|connect|query|execute)\(|\bset(Timeout|Immediate|Interval)\(/;
/** Lines that need no guard, each for its reason. */
const NEED_NO_GUARD: readonly [RegExp, string][] = [
  [/client\.on\('error', heard\)/, 'the listener does nothing'],
  [/\bclient\.query\(.*, end\)|connection\.(execute|query)\(sql, values, end\)/, '`end` is guarded where it is made'],
  [/DO RELEASE_LOCK|connection\.execute\(\{\}\)/, 'no callback is handed over'],
  [/await runner\.(connect|query)\(/, 'what it throws rejects the function around it'],
  [/client\.on\('(error|end)', .*\bresolve\b|called\(\(done\) =>/, 'the callback only settles a promise'],
  [/client\.on\('notification', /, 'the listener forgets rows, and runs no code of the application'],
  [/send\(\)\.then\(/, 'both callbacks only settle the attempt'],
];

describe('Each callback that a transport hands over', () => {
  const files = sources.filter(({ path }) => /^lib\/table\/(databases|sql)\//.test(path));
  const lines = files.flatMap(({ path, javascript }) =>
    javascript.split('\n').map((line, index) => ({ where: `${path}:${index + 1}`, line: line.trim() })),
  );

  it('is guarded, or known to need no guard', () => {
    const bare = lines.filter(
      ({ line }) => HANDED_OVER.test(line) && !line.includes('.guard(') && !NEED_NO_GUARD.some(([known]) => known.test(line)),
    );
    expect(bare).toEqual([]);
  });
});
