import { createHash } from 'node:crypto';
import { DataSource, type EntitySchemaColumnOptions } from 'typeorm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeEachDatabase, useDataSource, type TestDatabase } from '../support/databases.js';
import { useProcess } from '../support/store-process.js';
import { variantOf } from '../support/table-entities.js';
import { openTable } from '../support/table-open.js';
import { newRow, newTouch, NOW } from '../support/table-rows.js';

const MINUTE = 60_000;
/** In New York, clocks go back from 2:00 to 1:00 at 6:00 UTC; in Berlin, from 3:00 to 2:00 at 1:00 UTC a week before. */
const BEFORE = { 'America/New_York': Date.UTC(2026, 10, 1, 5, 45), 'Europe/Berlin': Date.UTC(2026, 9, 25, 0, 45) } as const;

const TYPES: Record<TestDatabase['name'], EntitySchemaColumnOptions[]> = {
  'better-sqlite3': [{ type: 'datetime' }],
  'sql.js': [{ type: 'datetime' }],
  postgres: [{ type: 'timestamp' }, { type: 'timestamp', precision: 3 }, { type: 'timestamptz' }],
  mariadb: [
    { type: 'datetime', precision: 3 },
    { type: 'timestamp', precision: 3 },
  ],
};

/** Settings of the driver or the session that may bend a time on its way. */
interface Bend {
  readonly options?: object;
  readonly prepare: string;
}

const BENDS: Record<TestDatabase['name'], Record<string, Bend>> = {
  'better-sqlite3': {},
  'sql.js': {},
  postgres: {
    'a session in New York': { options: { extra: { options: '-c TimeZone=America/New_York' } }, prepare: '' },
    'parsers that give numbers': {
      prepare: `const { types } = (await import('pg')).default;
        for (const type of [1114, 1184]) types.setTypeParser(type, (text) => Date.parse(text));
        for (const type of [20, 701, 1700]) types.setTypeParser(type, Number);`,
    },
    'parsers that give texts and bigints': {
      prepare: `const { types } = (await import('pg')).default;
        for (const type of [1114, 1184]) types.setTypeParser(type, (text) => text);
        types.setTypeParser(20, BigInt);`,
    },
  },
  mariadb: {
    'a session elsewhere': { options: { extra: { connectionLimit: 1 } }, prepare: `await dataSource.query("SET time_zone = '-05:00'");` },
    'a driver elsewhere': { options: { timezone: '+09:00' }, prepare: '' },
    'dates as texts': { options: { dateStrings: true }, prepare: '' },
  },
};

/** Saves, touches and reads at given moments, in a process of its own. */
const PROGRAM = `
  import { DataSource, EntitySchema } from 'typeorm';
  const { entity: definition, options, steps } = JSON.parse(process.env.GIVEN);
  let now;
  Date.now = () => now;
  const entity = new EntitySchema(definition);
  const dataSource = await new DataSource({ ...options, entities: [entity] }).initialize();
  PREPARE
  const store = createSessionStore({ dataSource, entity, prune: false, idleTimeout: '30m', touchInterval: 0, absoluteTimeout: '2h' });
  const results = [];
  for (const [at, step] of steps) {
    now = at;
    if (step === 'save') await store.set('a', { cookie: { originalMaxAge: null, expires: null }, saved: at });
    else if (step === 'touch') await store.touch('a', await store.get('a'));
    else if (step === 'prune') results.push(await store.prune());
    else if (step === 'list') results.push((await store.list()).map(({ createdAt, lastSeenAt, expiresAt }) => [createdAt, lastSeenAt, expiresAt].map(Number)));
    else results.push((await store.get('a'))?.saved ?? null);
  }
  await store.close();
  await dataSource.destroy();
  console.log(JSON.stringify(results));
`;

describeEachDatabase('Times without a zone', (database) => {
  const types = TYPES[database.name];

  if (database.isShared) {
    describe('in two processes of different zones', () => {
      const run = useProcess(60_000);
      const [expiresAt, createdAt] = types;
      const entity = variantOf({ expiresAt: expiresAt!, createdAt: createdAt!, lastSeenAt: types.at(-1)!, pruneAfter: expiresAt! });
      const dataSource = useDataSource(database, [entity]);
      const play = async (zone: string, steps: readonly (readonly [number, string])[], bend: Bend) => {
        const given = { entity: entity.options, options: { ...database.options, ...bend.options }, steps };
        return run(PROGRAM.replace('PREPARE', bend.prepare), { TZ: zone, GIVEN: JSON.stringify(given) });
      };

      it.each(Object.entries(BENDS[database.name]))(
        'are the same instant under %s, when clocks go back',
        { timeout: 180_000 },
        async (_, bend) => {
          for (const [zone, other] of [['America/New_York', 'Europe/Berlin'] as const, ['Europe/Berlin', 'America/New_York'] as const]) {
            const start = BEFORE[zone];
            const at = (minutes: number, step: string) => [start + minutes * MINUTE, step] as const;
            const moved = [[start, start + 10 * MINUTE, start + 40 * MINUTE]];
            await openTable(dataSource(), entity).clear();
            expect(await play(zone, [at(0, 'save'), at(29, 'get'), at(30, 'get')], bend)).toEqual([start, null]);
            const touched = [at(29, 'get'), at(30, 'get'), at(10, 'touch'), at(15, 'list')];
            expect(await play(other, touched, { prepare: '' })).toEqual([start, null, moved]);
            expect(await play(zone, [at(16, 'list'), at(39, 'prune'), at(39, 'get'), at(40, 'get')], bend)).toEqual([
              moved,
              0,
              start,
              null,
            ]);
          }
        },
      );
    });
  }

  describe.each(types)('in columns of type $type, $precision', (column) => {
    const entity = variantOf({ expiresAt: column, createdAt: column, lastSeenAt: column, pruneAfter: column });
    const dataSource = useDataSource(database, [entity]);

    if (!database.isShared) {
      it('are UTC as text', async () => {
        const table = openTable(dataSource(), entity);
        await table.insert([newRow('a', { expiresAt: NOW + 1 })]);
        const [row] = await dataSource().query<{ expires_at: string }[]>(`SELECT expires_at FROM ${entity.options.tableName}`);
        expect(row?.expires_at).toBe('2026-01-01 00:00:00.001');
        for (const text of ['2026-01-01 00:00:00.001', '2026-01-01T00:00:00.001Z', '2026-01-01T01:00:00.001+01:00']) {
          await dataSource().query(`UPDATE ${entity.options.tableName} SET expires_at = '${text}'`);
          expect((await table.scan({ limit: 1, now: 0 }))[0]?.expiresAt).toBe(NOW + 1);
        }
      });
    }

    it('go together in statements for several rows', async () => {
      const table = openTable(dataSource(), entity);
      await table.fields();
      await table.clear();
      const ids = ['a', 'b', 'c'].map((name) => createHash('sha256').update(name).digest('hex'));
      await table.insert(ids.map((id) => newRow(id)));
      const touches = ids.map((id, index) => newTouch(id, { expiresAt: NOW + (2 + index) * 24 * 60 * MINUTE, lastSeenAt: NOW + index }));
      expect(await table.touch(touches, NOW)).toEqual(['saved', 'saved', 'saved']);
      const back = ids.map((id) => newTouch(id, { expiresAt: NOW + 1, lastSeenAt: NOW - 1, unseenSince: NOW + 9 }));
      await table.touch(back, NOW);
      const rows = await table.find(ids, NOW);
      expect(rows.map((row) => [row?.expiresAt, row?.lastSeenAt])).toEqual(
        touches.map(({ expiresAt, lastSeenAt }) => [expiresAt, lastSeenAt]),
      );
    });
  });

  if (database.name === 'postgres') {
    describe('in the table of connect-pg-simple', () => {
      const entity = variantOf({});
      Object.assign(entity.options, {
        columns: {
          sid: { type: 'varchar', primary: true },
          sess: { type: 'json' },
          expire: { type: 'timestamp', precision: 6 },
        },
        indices: [],
      });
      const dataSource = useDataSource(database, [entity]);
      const columns = { id: 'sid', data: 'sess', expiresAt: 'expire' };
      const expiresAt = BEFORE['America/New_York'] + 30 * MINUTE + 0.5;
      const name = () => entity.options.tableName!;
      /** As connect-pg-simple writes it, in a session of this zone. */
      const write = async (zone: string) => {
        const theirs = await new DataSource({
          ...database.options,
          extra: { options: `-c TimeZone=${zone}` },
        }).initialize();
        await theirs.query(`DELETE FROM ${name()}`);
        await theirs.query(`INSERT INTO ${name()} (sess, expire, sid) SELECT $1, to_timestamp($2), $3`, [
          '{"n":1}',
          expiresAt / 1_000,
          'a',
        ]);
        await theirs.destroy();
      };
      const read = async () => (await openTable(dataSource(), entity, { columns }).scan({ limit: 1, now: 0 }))[0];

      it('read what it wrote in a session in UTC, to the microsecond, rounded up', async () => {
        await write('UTC');
        expect(await read()).toMatchObject({ id: 'a', expiresAt: Math.ceil(expiresAt) });
      });

      it('read what it writes in any zone once the column has one', async () => {
        await write('America/New_York');
        await dataSource().query(`ALTER TABLE ${name()} ALTER expire TYPE timestamptz USING expire AT TIME ZONE 'America/New_York'`);
        onTestFinished(async () => {
          await dataSource().query(`ALTER TABLE ${name()} ALTER expire TYPE timestamp(6) USING expire AT TIME ZONE 'UTC'`);
        });
        await write('Europe/Berlin');
        expect(await read()).toMatchObject({ id: 'a', expiresAt: Math.ceil(expiresAt) });
      });
    });
  }
});
