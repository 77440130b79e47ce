import { createSessionMiddleware, defineSessionEntity, type SessionData, type SessionSerializer } from 'nestjs-typeorm-session/express';
import type { ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { Browser } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { startExpress } from '../support/express-app.js';
import { SECRET } from '../support/secret.js';
import { StatementLog } from '../support/statement-log.js';

/** Files that may hand a read on, from the request down to the driver and back to the head of the response. */
const MOST_FILES = 20;

/** The files of `lib` that are on the call stack. */
function filesOnStack(): string[] {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = Infinity;
  const { stack = '' } = new Error('where we are');
  Error.stackTraceLimit = stackTraceLimit;
  return Array.from(stack.matchAll(/\/lib\/([\w./-]+\.ts)/g), ([, file]) => file!);
}

/** What a driver of TypeORM keeps its connections in: `pg` the first, `mysql2` the second, SQLite none. */
interface Driver {
  readonly master?: { connect(...args: unknown[]): unknown };
  readonly pool?: { getConnection(...args: unknown[]): unknown };
}

describeEachDatabase('A request that only reads', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const seen = new Set<string>();
  let isSeen = false;
  const look = (): void => {
    if (isSeen) for (const file of filesOnStack()) seen.add(file);
  };
  class Log extends StatementLog {
    override logQuery(...args: Parameters<StatementLog['logQuery']>): void {
      look();
      super.logQuery(...args);
    }
  }
  const dataSource = useDataSource(database, [entity], { logger: new Log() });

  it(`walks through ${MOST_FILES} files at most`, async () => {
    const { master, pool } = dataSource().driver as unknown as Driver;
    if (master) lookAt(master, 'connect');
    if (pool) lookAt(pool, 'getConnection');
    const serializer: SessionSerializer = {
      name: 'json',
      serialize: (data) => (look(), JSON.stringify(data)),
      deserialize: (text) => (look(), JSON.parse(text) as SessionData),
    };
    const middleware = createSessionMiddleware({ secret: SECRET, entity, dataSource: dataSource(), serializer });
    const address = await startExpress((app) =>
      app
        .use((_, res, next) => {
          lookAt(res as Pick<ServerResponse, 'writeHead'>, 'writeHead');
          next();
        })
        .use(middleware)
        .get('/in', (req, res) => res.json((req.session.views = 1)))
        .get('/', (req, res) => {
          look();
          res.json(req.session.views);
        }),
    );
    const browser = new Browser(address);
    await browser.get('/in');
    await browser.get('/');
    isSeen = true;
    await expect(browser.json('/')).resolves.toBe(1);
    isSeen = false;
    const files = [...seen].toSorted();
    expect(files).toEqual(
      expect.arrayContaining(['http/exchange.ts', 'http/held-response.ts', 'store/work/reader.ts', 'table/typeorm-session-table.ts']),
    );
    expect(files.length, files.join(', ')).toBeLessThanOrEqual(MOST_FILES);
  });

  function lookAt<Name extends string>(target: Record<Name, (...args: never[]) => unknown>, name: Name): void {
    const original = target[name];
    target[name] = function (this: unknown, ...args: never[]) {
      look();
      return original.apply(this, args);
    };
  }
});
