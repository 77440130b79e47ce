import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { DataSource, type QueryRunner } from 'typeorm';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createSessionMiddleware } from '../../lib/express.js';
import { hashSessionId } from '../../lib/store/session/id.js';
import { describeEachServer, useDataSource } from '../support/databases.js';
import '../support/session-data.js';
import { ownSessionEntity } from '../support/table-open.js';

const { STRESS_SECONDS } = process.env;
/** `STRESS_SECONDS=60` is the full run, which also says what it did, and asks for answers within a second. */
const seconds = Number(STRESS_SECONDS ?? 6);
const OPERATION_TIMEOUT = 5_000;
const USERS = 64;

interface Answer {
  readonly status: number;
  readonly second: number;
  readonly ms: number;
}

describeEachServer(`While another transaction holds rows for ${seconds} s, of ${USERS} users who write`, (database) => {
  const isPostgres = database.name === 'postgres';
  const entity = ownSessionEntity(database);
  const dataSource = useDataSource(database, [entity], { poolSize: 10 });
  const table = isPostgres ? `"${entity.options.tableName}"` : `\`${entity.options.tableName}\``;
  let other: DataSource;
  let holder: QueryRunner;

  beforeAll(async () => {
    other = new DataSource({ ...database.options, entities: [] });
    await other.initialize();
    holder = other.createQueryRunner();
  });
  afterAll(async () => {
    await holder.release();
    await other.destroy();
  });

  /** How many transactions and statements on the table are at the server, apart from the one that holds rows. */
  async function countAtServer(): Promise<number> {
    const sql = isPostgres
      ? `SELECT count(*) AS count FROM pg_stat_activity WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), $1)
         AND state <> 'idle' AND query LIKE '%${entity.options.tableName}%'`
      : `SELECT count(*) AS count FROM information_schema.innodb_trx
         WHERE trx_mysql_thread_id <> ? AND trx_query LIKE '%${entity.options.tableName}%'`;
    const own = isPostgres ? 'SELECT pg_backend_pid() AS id' : 'SELECT CONNECTION_ID() AS id';
    const [{ id }] = (await holder.query(own)) as [{ id: unknown }];
    const [{ count }] = (await other.query(sql, [id])) as [{ count: unknown }];
    return Number(count);
  }

  async function open(preparedStatements: boolean) {
    const app = express();
    const sessions = createSessionMiddleware({
      secret: 'a secret of the test',
      dataSource: dataSource(),
      entity,
      preparedStatements,
      touchInterval: 0,
      prune: false,
      operationTimeout: OPERATION_TIMEOUT,
    });
    const unavailable: unknown[] = [];
    sessions.store.on('unavailable', (event) => unavailable.push(event));
    app.use(sessions);
    app.post('/', (req, res) => {
      req.session.views = (req.session.views ?? 0) + 1;
      res.json(req.sessionID);
    });
    const answerError: express.ErrorRequestHandler = (_error, _req, res, _next) => void res.status(503).end();
    app.use(answerError);
    const server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { server, unavailable, post: (cookie = '') => fetch(url, { method: 'POST', headers: { cookie } }) };
  }

  it.each([
    [1, true],
    [20, false],
  ])('all but %d are answered (prepared statements: %s)', { timeout: seconds * 1_000 + 60_000 }, async (held, preparedStatements) => {
    const { server, unavailable, post } = await open(preparedStatements);
    const users = await Promise.all(
      Array.from({ length: USERS }, async () => {
        const response = await post();
        return { cookie: response.headers.get('set-cookie')!.split(';')[0]!, id: hashSessionId((await response.json()) as string) };
      }),
    );
    await holder.startTransaction();
    for (const { id } of users.slice(0, held)) await holder.query(`SELECT 1 FROM ${table} WHERE id = '${id}' FOR UPDATE`);

    const begin = performance.now();
    const answersOf = async ({ cookie }: { cookie: string }): Promise<Answer[]> => {
      const answers: Answer[] = [];
      for (let since; (since = performance.now()) < begin + seconds * 1_000;) {
        const response = await post(cookie);
        await response.arrayBuffer();
        answers.push({ status: response.status, second: Math.floor((since - begin) / 1_000), ms: performance.now() - since });
      }
      return answers;
    };
    const all = await Promise.all(users.map(answersOf));
    const others = all.slice(held).flat();
    const good = others.filter(({ status, ms }) => status === 200 && (!STRESS_SECONDS || ms < 1_000));
    const perSecond = Array.from({ length: seconds }, (_, second) => good.filter((answer) => answer.second === second).length);
    await vi.waitFor(async () => expect(await countAtServer()).toBe(0), { timeout: 10_000 });
    if (STRESS_SECONDS) {
      const worst = Math.max(...others.map(({ ms }) => ms));
      console.log(database.name, { held, preparedStatements, good: good.length, of: others.length, worst, perSecond: perSecond.join(' ') });
    }
    expect(good.length / others.length).toBeGreaterThanOrEqual(0.99);
    expect(Math.min(...perSecond)).toBeGreaterThan(0);
    expect(new Set(all.slice(0, held).flatMap((answers) => answers.map(({ status }) => status)))).toEqual(new Set([503]));

    // Who waits for the row when it is given back is let through.
    const waiting = Promise.all(users.slice(0, held).map(({ cookie }) => post(cookie)));
    await post(users.at(-1)!.cookie);
    await holder.rollbackTransaction();
    expect((await waiting).map(({ status }) => status)).toEqual(users.slice(0, held).map(() => 200));
    // The database has answered all along.
    expect(unavailable).toEqual([]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});
