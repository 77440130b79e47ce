import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { TypeOrmModuleOptions } from '@nestjs/typeorm';

const file = process.env.DATABASE ?? fileURLToPath(new URL('../../sample/02-devices/devices.sqlite', import.meta.url));

/** One SQLite file for the users and their sessions. */
export const database: TypeOrmModuleOptions = {
  ...(hasBetterSqlite() ? { type: 'better-sqlite3', database: file, enableWAL: true } : { type: 'sqljs', location: file, autoSave: true }),
  autoLoadEntities: true,
  synchronize: true, // a real application has migrations
};

/** Whether better-sqlite3 is installed, which on some machines needs a compiler; sql.js needs none, and writes the whole file each time. */
function hasBetterSqlite(): boolean {
  try {
    createRequire(import.meta.url).resolve('better-sqlite3');
    return true;
  } catch {
    return false;
  }
}
