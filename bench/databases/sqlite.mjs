import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';

const digest = (algorithm) => (text) => createHash(algorithm).update(String(text)).digest('hex');

export const sqlite = {
  name: 'sqlite',
  title: 'SQLite',

  sql: {
    quote: (name) => `"${name}"`,
    sid: 'md5(n.i)',
    handle: `md5('handle-' || n.i)`,
    user: `'user-' || printf('%08d', n.i)`,
    sha256: (text) => `sha256(${text})`,
    series: (first, last) =>
      `(WITH RECURSIVE s (i) AS (SELECT ${first} UNION ALL SELECT i + 1 FROM s WHERE i < ${last}) SELECT i FROM s) AS n`,
    asText: (value) => value,
    asJson: (text) => text,
  },

  /** Every store opens a file of its own in the folder, because SQLite knows one writer. */
  async create() {
    const folder = await mkdtemp(join(tmpdir(), 'nestjs-typeorm-session-bench-'));
    return {
      url: folder,
      version: `SQLite ${new Database(':memory:').prepare('SELECT sqlite_version()').pluck().get()}`,
      async query(sql, values = [], store) {
        const file = new Database(fileOf(folder, store));
        file.function('md5', digest('md5'));
        file.function('sha256', digest('sha256'));
        const statement = file.prepare(sql);
        try {
          return statement.reader ? statement.all(...values) : statement.run(...values);
        } finally {
          file.close();
        }
      },
      settle: async () => {},
      drop: () => rm(folder, { recursive: true }),
    };
  },
};

/** The file of a store in the folder of a run. */
export const fileOf = (folder, store) => join(folder, `${store}.sqlite`);
