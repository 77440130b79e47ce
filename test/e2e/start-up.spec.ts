import { SessionModule } from 'nestjs-typeorm-session';
import { DataSource } from 'typeorm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Browser } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName } from '../support/databases.js';
import { createApp, startApp } from '../support/nest-app.js';
import { variantOf } from '../support/table-entities.js';
import { ownSessionEntity } from '../support/table-open.js';
import { ViewsController } from '../support/views.js';
import { SECRET } from '../support/secret.js';

describeEachDatabase('An application that starts', (database) => {
  const open = async (entity: ReturnType<typeof ownSessionEntity>) => {
    const dataSource = await new DataSource({ ...database.options, entities: [entity] }).initialize();
    onTestFinished(() => dataSource.destroy());
    return SessionModule.forRoot({ secret: SECRET, entity, dataSource });
  };

  it('without the table of its sessions is warned once, with the remedy, and answers when the table is there', async () => {
    const entity = ownSessionEntity(database, { tableName: uniqueTableName() });
    const module = await open(entity);
    const { address, log } = await startApp({ imports: [module], controllers: [ViewsController] });
    expect(log.warnings).toEqual([expect.stringMatching(/table .* is missing.*createSessionMigration.*synchronize/)]);
    const late = await new DataSource({ ...database.options, entities: [entity], synchronize: true }).initialize();
    onTestFinished(async () => {
      await late.query(`DROP TABLE ${entity.options.tableName}`);
      await late.destroy();
    });
    if (database.isShared) await expect(new Browser(address).json('/views')).resolves.toMatchObject({ views: 1 });
    expect(log.warnings).toHaveLength(1);
  });

  it('with an entity that can never hold sessions does not start', async () => {
    const entity = variantOf({ id: { type: 'varchar', length: 32 } });
    const imports = [await open(entity)];
    await expect(createApp({ imports })).rejects.toMatchObject({ name: 'SessionEntityError', message: expect.stringMatching(/"id".*64/) });
  });
});

describe('An application that starts before its database', () => {
  it('is warned, starts, and answers with 503', async () => {
    // Nothing listens on the first port.
    const connection = { type: 'postgres', url: 'postgres://nobody:secret-of-the-test@127.0.0.1:1/none' } as const;
    const module = SessionModule.forRoot({ secret: SECRET, connection });
    const { address, log } = await startApp({ imports: [module], controllers: [ViewsController] });
    expect(log.warnings).toEqual([expect.stringMatching(/does not answer yet.*first use/)]);
    expect(log.warnings.join()).not.toContain('secret-of-the-test');
    expect((await new Browser(address).get('/views')).status).toBe(503);
  });
});
