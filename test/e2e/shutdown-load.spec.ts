import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineSessionEntity } from 'nestjs-typeorm-session';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { describeEachDatabase, uniqueTableName, useDataSource, type TestDatabase } from '../support/databases.js';
import { nextMessage, useLibraryProcess } from '../support/library-process.js';

/** How many clients there are; with a number of the caller's own, the time that the end takes is looked at, too. */
const { SHUTDOWN_CLIENTS } = process.env;
const CLIENTS = Number(SHUTDOWN_CLIENTS ?? 200);
/** Enough for a machine on which other work competes with so many clients. */
const TIMEOUT_MS = 180_000;
/** So many of them get a session at a time. */
const GROUP = 50;
/** How long a slow handler takes, in milliseconds. */
const SLOW_MS = 500;
/** How much longer than the longest request the end may take, in milliseconds. */
const MORE_MS = 2_000;

/** Counts the requests of each session, a few of them slowly, and tells at its end how many requests have begun and been answered. */
const PROGRAM = `
  import 'reflect-metadata';
  import { Module } from '@nestjs/common';
  import { NestFactory } from '@nestjs/core';
  import { TypeOrmModule } from '@nestjs/typeorm';
  import { defineSessionEntity, SESSION_MIDDLEWARE, SessionModule } from 'nestjs-typeorm-session';

  const { connection, tableName, isOwn, slowMs } = JSON.parse(process.argv[2]);
  const entity = defineSessionEntity({ tableName });
  // So many at once are slow where other work loads the machine.
  const options = { secret: 'secret', entity, autoMount: false, operationTimeout: '60s' };
  class AppModule {
    onApplicationShutdown() {
      process.send({ begun, answered });
    }
  }
  const imports = isOwn
    ? [SessionModule.forRoot({ ...options, connection })]
    : [TypeOrmModule.forRoot({ ...connection, entities: [entity] }), SessionModule.forRoot(options)];
  Module({ imports })(AppModule);

  let [begun, answered] = [0, 0];
  const app = await NestFactory.create(AppModule, { logger: ['error'] });
  app.use((req, res, next) => {
    begun++;
    res.once('finish', () => answered++);
    next();
  });
  app.use(app.get(SESSION_MIDDLEWARE), (req, res) => {
    req.session.client = req.path;
    req.session.views = (req.session.views ?? 0) + 1;
    const answer = () => res.json({ views: req.session.views });
    if (begun % 20 === 0) setTimeout(answer, slowMs);
    else answer();
  });
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  // No connection ends by itself, however slow the machine is.
  app.getHttpServer().keepAliveTimeout = 600_000;
  process.once('disconnect', () => process.exit(1));
  process.send(app.getHttpServer().address().port);
`;

describeEachDatabase(`An application with ${CLIENTS} clients that never stop asking`, (database) => {
  const tableName = uniqueTableName();
  const dataSource = useDataSource(database, [defineSessionEntity({ tableName })]);
  const start = useLibraryProcess(() => ({ 'program.js': PROGRAM }));
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'shutdown-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const sources = [
    ['a connection of the module’s own', true],
    ['a data source of TypeOrmModule', false],
  ] as const;
  it.each(sources)(
    'ends when it is asked to, answers what has begun, and keeps what it has answered (%s)',
    async (_, isOwn) => {
      const connection = placeOf(database, join(folder, String(isOwn)));
      const child = start({ connection, tableName, isOwn, slowMs: SLOW_MS });
      const port = Number(await nextMessage(child));
      const crowd = new Crowd(port);
      onTestFinished(() => crowd.leave());
      await crowd.begin(isOwn ? 'own' : 'shared');
      expect(crowd.refused).toBe(0);

      const last = nextMessage(child);
      const ended = once(child, 'exit');
      const asked = performance.now();
      child.kill('SIGTERM');
      const counts = (await last) as { begun: number; answered: number };
      expect(await ended).toEqual([null, 'SIGTERM']);
      const tookMs = performance.now() - asked;
      await crowd.over;

      expect(counts).toEqual({ begun: crowd.answers, answered: crowd.answers });
      expect(crowd.statuses).toEqual(new Set([200]));
      if (SHUTDOWN_CLIENTS) {
        const [took, longest] = [tookMs, crowd.longestMs].map(Math.round);
        console.log(
          `${database.name}: ${crowd.answers} answers to ${CLIENTS} clients, the longest in ${longest} ms; ended after ${took} ms`,
        );
        expect(tookMs).toBeLessThan(crowd.longestMs + MORE_MS);
      }
      if (database.name === 'sql.js') return;
      const stored = await viewsIn(database.isShared ? dataSource() : await open(connection, tableName), tableName);
      expect(crowd.views.size).toBe(CLIENTS);
      for (const [client, views] of crowd.views) expect(stored.get(client)).toBe(views);
    },
    TIMEOUT_MS,
  );
});

/** Clients of which each asks again, on the same connection, as soon as it has been answered; until the server is gone. */
class Crowd {
  answers = 0;
  readonly statuses = new Set<number | undefined>();
  /** What each client was told last. */
  readonly views = new Map<string, number>();
  /** How long the longest request took, in milliseconds. */
  longestMs = 0;
  /** How many requests nobody has answered. */
  refused = 0;
  /** Resolves when no client can ask any more. */
  over: Promise<unknown> = Promise.resolve();
  private isLeft = false;
  private readonly agent = new Agent({ keepAlive: true });

  constructor(private readonly port: number) {}

  /** Gives each client a session, some at a time, so that none has to knock twice; then all ask at once, and nobody stops. */
  async begin(name: string): Promise<void> {
    const clients = Array.from({ length: CLIENTS }, (_, index) => ({ path: `/${name}/${index}`, cookie: undefined }));
    for (let first = 0; first < CLIENTS; first += GROUP) {
      await Promise.all(clients.slice(first, first + GROUP).map((client) => this.ask(client)));
    }
    const enough = this.answers + 2 * CLIENTS;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (this.answers >= enough) resolve();
      };
      this.over = Promise.all(clients.map((client) => this.run(client, look)));
    });
  }

  leave(): void {
    this.isLeft = true;
    this.agent.destroy();
  }

  private async run(client: Client, look: () => void): Promise<void> {
    while (!this.isLeft && (await this.ask(client))) look();
  }

  /** Whether somebody has answered. */
  private async ask(client: Client): Promise<boolean> {
    const asked = performance.now();
    const answer = await this.send(client).catch(() => undefined);
    if (!answer) {
      this.refused++;
      return false;
    }
    client.cookie ??= answer.cookie;
    this.statuses.add(answer.status);
    this.views.set(client.path, answer.views);
    this.answers++;
    this.longestMs = Math.max(this.longestMs, performance.now() - asked);
    return true;
  }

  private send({ path, cookie }: Client): Promise<{ status: number | undefined; views: number; cookie: string | undefined }> {
    return new Promise((resolve, reject) => {
      const headers = cookie === undefined ? {} : { cookie };
      const asked = request({ port: this.port, path, host: '127.0.0.1', agent: this.agent, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.once('error', reject);
        response.once('end', () => {
          const { views } = JSON.parse(text) as { views: number };
          resolve({ status: response.statusCode, views, cookie: response.headers['set-cookie']?.[0]?.split(';')[0] });
        });
      });
      asked.once('error', reject);
      asked.end();
    });
  }
}

interface Client {
  readonly path: string;
  cookie: string | undefined;
}

/** Where the process keeps its sessions: the tables of servers are there already. */
function placeOf({ name, options, isShared }: TestDatabase, file: string): DataSourceOptions {
  if (isShared) return { ...options, synchronize: false };
  if (name === 'sql.js') return { type: 'sqljs', synchronize: true };
  return { type: 'better-sqlite3', database: file, enableWAL: true, synchronize: true };
}

async function open(connection: DataSourceOptions, tableName: string): Promise<DataSource> {
  const entities = [defineSessionEntity({ tableName })];
  const dataSource = new DataSource({ ...connection, entities, synchronize: false });
  onTestFinished(() => dataSource.destroy());
  return dataSource.initialize();
}

async function viewsIn(dataSource: DataSource, tableName: string): Promise<Map<string, number>> {
  const rows = (await dataSource.query(`SELECT data FROM ${tableName}`)) as { data: string }[];
  const sessions = rows.map(({ data }) => JSON.parse(data) as { client: string; views: number });
  return new Map(sessions.map(({ client, views }) => [client, views]));
}
