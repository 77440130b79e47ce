import { Controller, Get, Module } from '@nestjs/common';
import { getDataSourceToken, InjectRepository, TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import { defineSessionEntity, SessionModule } from 'nestjs-typeorm-session';
import { Column, Entity, PrimaryGeneratedColumn, type DataSource, type Repository } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { Browser } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName } from '../support/databases.js';
import { startApp } from '../support/nest-app.js';
import { expectSessions, ViewsController } from '../support/views.js';

/** A talk of a conference. */
@Entity('talks')
class Session {
  @PrimaryGeneratedColumn()
  id!: number;
  @Column({ type: 'varchar', length: 100 })
  title!: string;
}

/** A training that takes several days, under the very name of our default class. */
@Entity('trainings')
class SessionEntity {
  @PrimaryGeneratedColumn()
  id!: number;
}

@Controller('talks')
class TalksController {
  constructor(
    @InjectRepository(Session) private readonly talks: Repository<Session>,
    @InjectRepository(SessionEntity) private readonly trainings: Repository<SessionEntity>,
  ) {}

  @Get()
  async add() {
    await this.trainings.insert({});
    await this.talks.insert({ title: 'Sessions' });
    return { talks: await this.talks.count(), trainings: await this.trainings.count() };
  }
}

@Module({ imports: [TypeOrmModule.forFeature([Session, SessionEntity])], controllers: [TalksController] })
class TalksModule {}

describeEachDatabase('an application with entities named Session and SessionEntity', (database) => {
  const own = defineSessionEntity();
  describe.each([
    ['the default entity', {}],
    ['defineSessionEntity()', { entity: own }],
  ])('beside %s', (_, options) => {
    it.each(['before', 'after'])('has its own rows and sessions, where its module comes %s', async (place) => {
      const common = { ...database.options, autoLoadEntities: true, synchronize: true } as TypeOrmModuleOptions;
      const root = TypeOrmModule.forRoot({ ...common, entityPrefix: `${uniqueTableName()}_` });
      const sessions = SessionModule.forRoot({ secret: 'secret', ...options });
      const modules = place === 'before' ? [TalksModule, sessions] : [sessions, TalksModule];
      const { app, address } = await startApp({ imports: [root, ...modules], controllers: [ViewsController] });
      try {
        await expectSessions(address);
        const browser = new Browser(address);
        await expect(browser.json('/talks')).resolves.toEqual({ talks: 1, trainings: 1 });
      } finally {
        const dataSource = app.get<DataSource>(getDataSourceToken());
        const runner = dataSource.createQueryRunner();
        for (const { tablePath } of dataSource.entityMetadatas) await runner.dropTable(tablePath, true);
        await runner.release();
      }
    });
  });
});
