import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { SessionModuleOptions } from 'nestjs-typeorm-session';
import type { Cart } from './cart.js';

/** What this application keeps in a session; `@Session()` and `req.session` know it from here. */
declare module 'nestjs-typeorm-session' {
  interface SessionData {
    visits: number;
    userId: string;
    cart: Cart;
  }
}

const minutes = 60_000;

/** How long a session lives, in milliseconds: without a request, and at most. */
export const lifetime = { idleTimeout: 30 * minutes, absoluteTimeout: 24 * 60 * minutes };

const file = process.env.SESSION_DATABASE ?? fileURLToPath(new URL('../../sample/01-basic/sessions.sqlite', import.meta.url));

/** Sessions in a file of their own, so that they are still there after a restart. */
export const sessionOptions: SessionModuleOptions = {
  ...lifetime,
  secret: process.env.SESSION_SECRET ?? 'the public secret of a sample: set SESSION_SECRET to a private one',
  connection: hasBetterSqlite()
    ? { type: 'better-sqlite3', database: file, enableWAL: true }
    : { type: 'sqljs', location: file, autoSave: true },
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
