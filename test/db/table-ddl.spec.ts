import { DataSource } from 'typeorm';
import { expect, it } from 'vitest';
import { defineSessionEntity } from '../../lib/table/entity/session.entity.js';
import { createSessionMigration } from '../../lib/table/session.migration.js';
import { describeEachDatabase } from '../support/databases.js';

/** The page of each database; both drivers of SQLite have one. */
const PAGES = { 'better-sqlite3': 'sqlite', 'sql.js': 'sqlite', postgres: 'postgres', mariadb: 'mariadb' };

/** One column a line. */
const inLines = (sql: string): string =>
  `${sql
    .trim()
    .replace(/, (?=["`]|CONSTRAINT|INDEX|UNIQUE|PRIMARY)/g, ',\n  ')
    .replace(/^(CREATE TABLE \S+ \()(.*)\)( ENGINE=InnoDB)?$/s, '$1\n  $2\n)$3')};\n`;

describeEachDatabase('The DDL in docs/schema', (database) => {
  it('is what the migration runs', async () => {
    const large = database.name === 'mariadb' ? ({ dataType: 'mediumtext', charset: 'utf8mb4' } as const) : {};
    const entity = defineSessionEntity(large);
    const dataSource = await new DataSource({ ...database.options, entities: [entity] }).initialize();
    const runner = dataSource.createQueryRunner();
    try {
      runner.enableSqlMemory();
      // Nothing is made, whatever is there: the statements are only noted.
      const sent: string[] = [];
      runner.hasTable = () => Promise.resolve(false);
      runner.query = ((sql: string) => Promise.resolve([sent.push(sql)])) as never;
      await new (createSessionMigration({ entity }))().up(runner);
      const made = runner.getMemorySql().upQueries.map(({ query }) => query);
      const statements = [...made, ...sent.filter((sql) => sql.startsWith('ALTER'))].map(inLines);
      expect(statements.length).toBeGreaterThan(0);
      await expect(statements.join('')).toMatchFileSnapshot(`../../docs/schema/${PAGES[database.name]}.sql`);
    } finally {
      runner.disableSqlMemory();
      await runner.release();
      await dataSource.destroy();
    }
  });
});
