import type { DataSource, QueryRunner } from 'typeorm';

type Send = () => Promise<unknown>;
type Intercept = (sql: string, send: Send) => Promise<unknown>;
type Method = (...args: unknown[]) => unknown;
type Callback = (error: unknown, ...results: unknown[]) => void;

/** What the drivers of TypeORM give their connections from. */
interface Connections {
  readonly master?: { connect: Method };
  obtainMasterConnection?: () => Promise<object>;
  databaseConnection?: object;
}

/** What MariaDB is told before a statement of ours. */
const BEFORE = /^SET STATEMENT \S+ FOR /;

/**
 * Puts itself between a data source and its database, on all ways that statements take; returns what ends that. A statement is
 * told from its first word.
 */
export function interceptStatements(dataSource: DataSource, told: Intercept): () => void {
  const intercept: Intercept = (sql, send) => told(sql.replace(BEFORE, ''), send);
  const restorers = [
    onRunners(dataSource, intercept),
    onPostgresPool(dataSource, intercept),
    onMysqlPool(dataSource, intercept),
    onSqliteConnection(dataSource),
  ];
  return () => {
    for (const restore of restorers) restore();
  };
}

function onRunners(dataSource: DataSource, intercept: Intercept): () => void {
  const { createQueryRunner } = dataSource;
  const replace =
    (query: Method): Method =>
    (sql, ...rest) =>
      intercept(String(sql), async () => query(sql, ...rest));
  dataSource.createQueryRunner = (mode) => withQuery(createQueryRunner.call(dataSource, mode), replace) as QueryRunner;
  return () => {
    dataSource.createQueryRunner = createQueryRunner;
  };
}

/** Prepared statements go to a connection of the pool, as objects with a callback; those of TypeORM are texts. */
function onPostgresPool({ driver }: DataSource, intercept: Intercept): () => void {
  const { master } = driver as Connections;
  if (!master) return () => undefined;
  const { connect } = master;
  const replace =
    (query: Method): Method =>
    (config, ...rest) => {
      if (typeof config === 'string') return query(config, ...rest);
      return called(intercept, (config as { text: string }).text, rest.at(-1) as Callback, (callback) => query(config, callback));
    };
  master.connect = (callback) =>
    connect.call(master, (error: unknown, client: object | undefined, ...rest: unknown[]) => {
      (callback as Callback)(error, client && withQuery(client, replace), ...rest);
    });
  return () => {
    master.connect = connect;
  };
}

/** Ours come with a callback, prepared or not; TypeORM asks the connection for one with promises. */
function onMysqlPool({ driver }: DataSource, intercept: Intercept): () => void {
  const connections = driver as Connections;
  const { obtainMasterConnection } = connections;
  if (!obtainMasterConnection || !('pool' in driver)) return () => undefined;
  const replace =
    (query: Method): Method =>
    (sql, values, callback) =>
      called(intercept, String(sql), callback as Callback, (answer) => query(sql, values, answer));
  connections.obtainMasterConnection = async () => withQuery(await obtainMasterConnection.call(driver), replace);
  return () => {
    connections.obtainMasterConnection = obtainMasterConnection;
  };
}

/**
 * Nothing can be held on a connection that answers at once: as long as somebody intercepts, the connection lacks what our transports
 * need, so that our statements go through a runner.
 */
function onSqliteConnection({ driver, options }: DataSource): () => void {
  const missing = { 'better-sqlite3': 'open', sqljs: 'exec' }[options.type as string];
  if (missing === undefined) return () => undefined;
  const connections = driver as Connections;
  const connection = connections.databaseConnection!;
  const real = realConnections.get(connection) ?? connection;
  const apparent = new Proxy(real, {
    get(target, property) {
      if (property === missing) return undefined;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  realConnections.set(apparent, real);
  connections.databaseConnection = apparent;
  return () => {
    if (connections.databaseConnection === apparent) connections.databaseConnection = connection;
  };
}

const realConnections = new WeakMap<object, object>();

/** Answers the callback with what the interceptor makes of it. */
function called(intercept: Intercept, sql: string, callback: Callback, query: (callback: Callback) => unknown): Promise<void> {
  const send = () =>
    new Promise((resolve, reject) => {
      query((error, result) => (error ? reject(error) : resolve(result)));
    });
  return intercept(sql, send).then(
    (result) => callback(null, result),
    (error: unknown) => callback(error),
  );
}

function withQuery(runner: object, replace: (query: Method) => Method): object {
  return new Proxy(runner, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      const method = value.bind(target) as Method;
      return property === 'query' || property === 'execute' ? replace(method) : method;
    },
  });
}
