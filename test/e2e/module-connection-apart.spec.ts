import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { SessionEntity, SessionModule } from 'nestjs-typeorm-session';
import type { DataSource } from 'typeorm';
import { expect, it } from 'vitest';
import { startApp } from '../support/nest-app.js';
import { expectSessions, ViewsController } from '../support/views.js';
import { embedded } from '../support/embedded.js';

const memory = embedded;

// In a file of its own, because @nestjs/typeorm remembers the entities of `autoLoadEntities` for the whole process.
it('makes no session table in the application’s data source where sessions have a connection of their own', async () => {
  const imports = [
    TypeOrmModule.forRoot({ ...memory, autoLoadEntities: true, synchronize: true }),
    SessionModule.forRoot({ secret: 'secret', connection: memory }),
  ];
  const { app, address } = await startApp({ imports, controllers: [ViewsController] });
  await expectSessions(address);
  const dataSource = app.get<DataSource>(getDataSourceToken());
  expect(dataSource.hasMetadata(SessionEntity)).toBe(false);
});
