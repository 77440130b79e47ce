import { createRequire } from 'node:module';
import type { DataSourceOptions } from 'typeorm';

/** Whether better-sqlite3 works here: it is an optional dependency, because Node.js 20 needs a compiler for it. */
export const hasBetterSqlite = opensBetterSqlite();

/** A database in memory that needs no server, for tests that are not about a database. */
export const embedded: DataSourceOptions = hasBetterSqlite ? { type: 'better-sqlite3', database: ':memory:' } : { type: 'sqljs' };

function opensBetterSqlite(): boolean {
  try {
    const Database = createRequire(import.meta.url)('better-sqlite3') as new (file: string) => { close(): void };
    new Database(':memory:').close();
    return true;
  } catch (cause) {
    if (process.env.REQUIRE_DATABASES !== '1') return false;
    throw new Error('There is no better-sqlite3. On Node.js 20, `npm run add:better-sqlite3` compiles one.', { cause });
  }
}
