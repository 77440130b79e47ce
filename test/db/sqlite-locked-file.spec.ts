import { createHash } from 'node:crypto';
import { DataSource, type DataSourceOptions, type Logger } from 'typeorm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SessionUnavailableError } from '../../lib/session.errors.js';
import { composeStore } from '../../lib/store/compose.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import { ownDatabase } from '../../lib/table/data-source-lifecycle.js';
import { SessionEntity } from '../../lib/table/entity/session.entity.js';
import type { SessionTable } from '../../lib/table/session-table.js';
import { TypeOrmSessionTable } from '../../lib/table/typeorm-session-table.js';
import { hasBetterSqlite } from '../support/embedded.js';
import { lockFile, longestBlock, newFilePath } from '../support/locked-file.js';
import { dataOf } from '../support/store-data.js';
import { openTable } from '../support/table-open.js';
import { newChange, newRow, newTouch, NOW } from '../support/table-rows.js';

/** Much more than ours, for a machine that has other work, and much less than the 5 s for which the driver blocks each statement. */
const BOUND_MS = 2_000;
/** So many timers take longer than a statement that is sent once. */
const TIMERS = 60;

const hash = (name: string): string => createHash('sha256').update(name).digest('hex');
const [A, B, C] = ['a', 'b', 'c'].map(hash) as [string, string, string];

async function openFile(options: Partial<DataSourceOptions> = {}): Promise<DataSource> {
  const all = { type: 'better-sqlite3', database: newFilePath(), entities: [SessionEntity], synchronize: true, ...options };
  const dataSource = await new DataSource(all as DataSourceOptions).initialize();
  onTestFinished(() => dataSource.destroy());
  return dataSource;
}

const pathOf = ({ options }: DataSource): string => String(options.database);
const busyTimeout = async (dataSource: DataSource): Promise<unknown> =>
  ((await dataSource.query('PRAGMA busy_timeout')) as [{ timeout: number }])[0].timeout;

describe.skipIf(!hasBetterSqlite).each([
  ['in the mode of the driver', {}, true],
  ['in WAL mode', { enableWAL: true }, true],
  ['without prepared statements', {}, false],
])('A SQLite file that another process has locked, %s', (_, options, prepares) => {
  it.each<[string, (table: SessionTable) => Promise<unknown[]>, unknown]>([
    ['insert', (table) => table.insert([newRow(B)]), ['saved']],
    ['insert of several', (table) => table.insert([newRow(B), newRow(C)]), ['saved', 'saved']],
    ['update', (table) => table.update([newChange(A)]), ['saved']],
    ['upsert', (table) => table.upsert([newRow(B)]), ['saved']],
    ['touch', (table) => table.touch([newTouch(A)], NOW), ['saved']],
    ['remove', (table) => table.remove([A]), ['removed']],
    ['find', async (table) => (await table.find([A], NOW)).map((row) => row?.id), [A]],
  ])('is waited for by %s, which blocks nothing', async (__, work, outcome) => {
    const dataSource = await openFile(options);
    const table = openTable(dataSource, SessionEntity, { timeoutMs: 60_000, prepares });
    await table.insert([newRow(A)]);
    const unlock = await lockFile(pathOf(dataSource));
    const done = work(table);
    expect(await longestBlock(TIMERS)).toBeLessThan(BOUND_MS);
    await unlock();
    expect(await done).toEqual(outcome);
    expect(await busyTimeout(dataSource)).toBe(5_000);
  });
});

describe.skipIf(!hasBetterSqlite)('A SQLite file that stays locked', () => {
  it('makes operations "unavailable" in their time, one statement each, and blocks nothing', async () => {
    const sent: string[] = [];
    const ignore = () => undefined;
    const logger: Logger = {
      logQuery: (sql) => void sent.push(sql),
      logQueryError: ignore,
      logQuerySlow: ignore,
      logSchemaBuild: ignore,
      logMigration: ignore,
      log: ignore,
    };
    const dataSource = await openFile({ logger });
    const options = resolveOptions({ secret: 'a secret of a test', prune: false, operationTimeout: 300 });
    const store = composeStore(options, { dataSource, warn: ignore });
    await store.set('first', dataOf());
    const unlock = await lockFile(pathOf(dataSource));
    sent.length = 0;
    const saves = Promise.allSettled(Array.from({ length: 20 }, (_, index) => store.set(`id ${index}`, dataOf({ index }))));
    const loaded = (await Promise.allSettled([store.get('first')]))[0];
    const longest = longestBlock(TIMERS);
    const outcomes = [loaded, ...(await saves)];
    expect(await longest).toBeLessThan(BOUND_MS);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'SESSION_UNAVAILABLE', status: 503 } });
    }
    // Nothing of a batch is the fault of one of its rows.
    expect(sent.length).toBeLessThanOrEqual(22);
    await unlock();
    await store.set('last', dataOf());
    expect(await busyTimeout(dataSource)).toBe(5_000);
  });

  it('is named in the error, with the remedy and the error of the driver', async () => {
    const dataSource = await openFile();
    const table = openTable(dataSource, SessionEntity, { timeoutMs: 50 });
    await table.insert([newRow(A)]);
    const unlock = await lockFile(pathOf(dataSource));
    const error = await table.remove([A]).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SessionUnavailableError);
    expect(error).toMatchObject({
      message: expect.stringMatching(/locked the SQLite file for 50 ms.*`operationTimeout`/) as string,
      cause: { code: 'SQLITE_BUSY' },
    });
    expect(await busyTimeout(dataSource)).toBe(5_000);
    await unlock();
    expect(await table.remove([A])).toEqual(['removed']);
  });

  it('is no reason to split a batch', async () => {
    const sent: string[] = [];
    const dataSource = await openFile();
    const logger = dataSource.logger;
    logger.logQuery = (sql) => void sent.push(sql);
    const table = openTable(dataSource, SessionEntity, { timeoutMs: 50 });
    await table.fields();
    const unlock = await lockFile(pathOf(dataSource));
    await expect(table.insert([A, B, C].map((id) => newRow(id)))).rejects.toThrow(SessionUnavailableError);
    expect(sent).toHaveLength(1);
    await unlock();
  });
});

describe.skipIf(!hasBetterSqlite)('A SQLite file of our own that another process has locked', () => {
  it.each([
    ['in the mode of the driver', {}],
    ['in WAL mode', { enableWAL: true }],
    ['with a timeout of the driver', { timeout: 10_000 }],
  ])('is opened, %s, and its table made, when it is free', async (_, more) => {
    const database = newFilePath();
    const unlock = await lockFile(database);
    const own = ownDatabase({ type: 'better-sqlite3', database, ...more }, undefined, 60_000);
    const table = new TypeOrmSessionTable(own, { columns: {}, timeoutMs: 60_000 });
    const inserted = table.insert([newRow(A)]);
    expect(await longestBlock(TIMERS)).toBeLessThan(BOUND_MS);
    await unlock();
    expect(await inserted).toEqual(['saved']);
    const again = await lockFile(database);
    const removed = table.remove([A]);
    expect(await longestBlock(TIMERS)).toBeLessThan(BOUND_MS);
    await again();
    expect(await removed).toEqual(['removed']);
    await own.close();
  });

  it('is "unavailable" when it stays locked, and leaves no file open', async () => {
    const database = newFilePath();
    const unlock = await lockFile(database);
    const files: { readonly open: boolean }[] = [];
    const prepareDatabase = (file: { readonly open: boolean }) => void files.push(file);
    const own = ownDatabase({ type: 'better-sqlite3', database, enableWAL: true, prepareDatabase }, undefined, 300);
    await expect(own.open()).rejects.toMatchObject({ code: 'SESSION_UNAVAILABLE', cause: { code: 'SQLITE_BUSY' } });
    expect(files.length).toBeGreaterThan(1);
    expect(files.filter(({ open }) => open).length).toBeLessThanOrEqual(1);
    await unlock();
    await own.open();
    expect(files.filter(({ open }) => open)).toHaveLength(1);
    await own.close();
    expect(files.filter(({ open }) => open)).toEqual([]);
  });
});

describe.skipIf(!hasBetterSqlite)('A query of the application that is iterated over on the shared connection', () => {
  it('is waited for', async () => {
    const dataSource = await openFile();
    const table = openTable(dataSource, SessionEntity);
    await table.insert([newRow(A), newRow(B)]);
    const { databaseConnection } = dataSource.driver as unknown as {
      databaseConnection: { prepare(sql: string): { iterate(): IterableIterator<unknown> } };
    };
    const rows = databaseConnection.prepare('SELECT id FROM sessions').iterate();
    rows.next();
    const removed = table.remove([A]);
    expect((await table.find([A], NOW))[0]?.id).toBe(A);
    rows.return?.();
    expect(await removed).toEqual(['removed']);
  });
});
