import type { ModuleMetadata } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { defineSessionEntity, SessionModule, type SessionModuleOptions } from 'nestjs-typeorm-session';
import { DataSource, EntitySchema, type DataSourceOptions } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { Browser } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { startApp } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';
import { expectSessions, ViewsController } from '../support/views.js';

const launch = (...imports: NonNullable<ModuleMetadata['imports']>) => startApp({ imports, controllers: [ViewsController] });
const sessions = (options: Partial<SessionModuleOptions>) => SessionModule.forRoot({ secret: SECRET, ...options });

// Each line of the table in the documentation that puts the configurations of Dancer2::Session::DBIC and Dancer::Session::KiokuDB beside ours.
describeEachDatabase('configured as the two Perl modules are, sessions work', (database) => {
  const entity = defineSessionEntity({ name: 'Configured', tableName: uniqueTableName() });
  const own = new EntitySchema<object>({
    name: 'MySession',
    tableName: uniqueTableName(),
    columns: {
      mySessionId: { type: 'varchar', length: 64, primary: true },
      mySessionData: { type: 'text' },
    },
  });
  const dataSource = useDataSource(database, [entity, own]);
  const rowsOf = (table: EntitySchema<never> | EntitySchema<object> | typeof entity) => dataSource().getRepository<object>(table).count();

  /** With the parts of the URL as options of their own, as in a `dsn`. */
  const inParts = (): DataSourceOptions => {
    if (!('url' in database.options)) return database.options;
    const { hostname: host, port, pathname, username, password } = new URL(database.options.url);
    const { type } = database.options;
    return { type, host, port: Number(port), database: pathname.slice(1), username, password } as DataSourceOptions;
  };
  const registered = (name?: string) =>
    TypeOrmModule.forRoot({ ...database.options, ...(name && { name }), entities: [entity], synchronize: true });

  it('by a DSN, a user and a password', async () => {
    await expectSessions((await launch(sessions({ connection: inParts(), entity }))).address);
  });

  it('by a schema that is an object', async () => {
    const before = await rowsOf(entity);
    await expectSessions((await launch(sessions({ dataSource: dataSource(), entity }))).address);
    expect(await rowsOf(entity)).toBe(before + 1);
  });

  it('by the name of a schema class', async () => {
    await expectSessions((await launch(registered('interchange'), sessions({ dataSource: 'interchange', entity }))).address);
  });

  it('by the schema without a name', async () => {
    await expectSessions((await launch(registered(), sessions({ entity }))).address);
  });

  it('by settings that the code makes', async () => {
    const useFactory = () => Promise.resolve({ secret: SECRET, dataSource: dataSource() });
    await expectSessions((await launch(SessionModule.forRootAsync({ entity, useFactory }))).address);
  });

  it('by a result set and columns of the application', async () => {
    const columns = { id: 'mySessionId', data: 'mySessionData' };
    const { address } = await launch(sessions({ dataSource: dataSource(), entity: own, columns }));
    await expectSessions(address);
    const rows = await dataSource().getRepository(own).find();
    expect(rows).toEqual([{ mySessionId: expect.stringMatching(/^[0-9a-f]{64}$/), mySessionData: expect.stringContaining('"views":2') }]);
  });

  it('by a serializer of the application', async () => {
    const serializer = {
      name: 'commented',
      serialize: (data: object) => `# ${JSON.stringify(data)}`,
      deserialize: (text: string) => JSON.parse(text.slice(2)) as object,
    };
    await expectSessions((await launch(sessions({ dataSource: dataSource(), entity, serializer: serializer as never }))).address);
  });

  it('with `create: 0`, where the table is there, and make none where it is not', async () => {
    const missing = defineSessionEntity({ name: 'Missing', tableName: uniqueTableName() });
    const connection = { ...database.options, synchronize: false } as DataSourceOptions;
    const { address } = await launch(sessions({ connection, entity: missing }));
    expect((await new Browser(address).get('/views')).status).toBe(500);
    const tables = new DataSource({ ...database.options, entities: [] });
    const runner = (await tables.initialize()).createQueryRunner();
    expect(await runner.hasTable(missing.options.tableName!)).toBe(false);
    await runner.release();
    await tables.destroy();
    // In memory there is no table of somebody else's.
    if (database.isShared) await expectSessions((await launch(sessions({ connection, entity }))).address);
  });
});

describe('configured as `kiokudb_backend: "Hash"` is', () => {
  it('sessions are kept in memory, with a warning', async () => {
    const { address, log } = await launch(sessions({}));
    await expectSessions(address);
    expect(log.warnings.join('\n')).toMatch(/memory/);
  });
});
