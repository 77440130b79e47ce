import { DataSource, type DataSourceOptions, type Logger } from 'typeorm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SessionOptionsError } from '../../lib/session.errors.js';
import { standardDialect } from '../../lib/table/sql/standard.dialect.js';
import type { SessionTable } from '../../lib/table/session-table.js';
import { describeEachDatabase, useDataSource } from '../support/databases.js';
import { openTable, ownSessionEntity } from '../support/table-open.js';
import { newChange, newRow, newTouch, NOW } from '../support/table-rows.js';

const MARK = 'mark';
const HOSTILE = [
  `'; DROP TABLE sessions; -- ${MARK}`,
  `" OR "1"="1 ${MARK}`,
  `\` OR 1=1 ${MARK}`,
  `\\' OR 1=1 -- ${MARK}`,
  `:id :now :${MARK}`,
  `? $1 @0 {0} ${MARK}`,
  `${MARK}\n; DELETE`,
  `$$ ${MARK} $$`,
];

/** What the driver is given: text and, apart from it, parameters. */
class Listener implements Logger {
  readonly statements: string[] = [];
  readonly parameters: unknown[] = [];

  logQuery(query: string, parameters: unknown[] = []): void {
    this.statements.push(query);
    this.parameters.push(...parameters);
  }
  logQueryError(): void {}
  logQuerySlow(): void {}
  logSchemaBuild(): void {}
  logMigration(): void {}
  log(): void {}
}

async function runEverything(table: SessionTable, text: string): Promise<void> {
  const more = { data: text, userId: text, ipAddress: text, userAgent: text, handle: text.slice(0, 32) };
  await table.insert([newRow(text, more), newRow(text, more)]);
  await table.find([text], NOW);
  await table.update([newChange(text, more), newChange(text, { ...more, version: undefined })]);
  await table.upsert([newRow(text, more)]);
  await table.touch([newTouch(text)], NOW);
  await table.page({ userId: text, after: text, limit: 5, now: NOW });
  await table.scan({ after: text, limit: 5, now: NOW });
  await table.count({ userId: text, now: NOW });
  await table.prune({ now: NOW, limit: 5 });
  await table.changeId([{ id: text, newId: `${text}2` }]);
  await table.remove([text]);
}

describeEachDatabase('Hostile values', (database) => {
  const entity = ownSessionEntity(database);
  const listener = new Listener();
  const dataSource = useDataSource(database, [entity], { logger: listener, logging: true });

  describe.each([
    ['its own', {}],
    ['the standard', { dialect: standardDialect }],
  ])('in %s dialect', (_, options) => {
    it.each(HOSTILE)('S5: are parameters and never text: %j', async (text) => {
      const table = openTable(dataSource(), entity, options);
      await table.clear();
      listener.statements.length = listener.parameters.length = 0;
      await runEverything(table, text);
      expect(listener.parameters).toContain(text);
      expect(listener.statements.length).toBeGreaterThanOrEqual(13);
      expect(listener.statements.filter((statement) => statement.includes(MARK))).toEqual([]);
    });

    it('leave the same statements as harmless ones', async () => {
      const table = openTable(dataSource(), entity, options);
      const statementsOf = async (text: string) => {
        await table.clear();
        listener.statements.length = 0;
        await runEverything(table, text);
        return [...listener.statements];
      };
      const harmless = await statementsOf('harmless');
      for (const text of HOSTILE) expect(await statementsOf(text)).toEqual(harmless);
    });
  });
});

describeEachDatabase(
  'Connections on which backslashes escape nothing',
  (database) => {
    const entity = ownSessionEntity(database);
    const dataSource = useDataSource(database, [entity]);

    it('are refused before a value is sent, until the mode is taken out', async () => {
      const options = { ...database.options, entities: dataSource().options.entities, extra: { connectionLimit: 1 } } as DataSourceOptions;
      const other = new DataSource(options);
      await other.initialize();
      onTestFinished(() => other.destroy());
      await other.query("SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_BACKSLASH_ESCAPES'");
      const table = openTable(other, entity);
      await openTable(dataSource(), entity).insert([newRow('a', { userId: 'ann' })]);
      const userId = "' OR 1=1 #";
      for (const refused of [() => table.fields(), () => table.count({ userId, now: NOW }), () => table.locate({ userId, limit: 5 })]) {
        await expect(refused()).rejects.toThrow(SessionOptionsError);
        await expect(refused()).rejects.toThrow('`sql_mode`');
      }
      await other.query("SET SESSION sql_mode = 'STRICT_TRANS_TABLES'");
      expect(await table.count({ userId, now: NOW })).toBe(0);
    });
  },
  ['mariadb'],
);
