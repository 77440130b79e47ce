import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { SessionStore } from 'nestjs-typeorm-session';
import { SessionStore as ExpressEntryStore } from 'nestjs-typeorm-session/express';
import request from 'supertest';
import { AppModule } from '../src/app.module';

describe('AppModule (e2e)', () => {
  let app: INestApplication;

  beforeEach(async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    app = module.createNestApplication();
    await app.init();
  });

  afterEach(() => app.close());

  it('counts the views of a session', async () => {
    const visitor = request.agent(app.getHttpServer());
    await visitor.get('/views').expect(200, { views: 1 });
    await visitor.get('/views').expect(200, { views: 2 });
    await request(app.getHttpServer()).get('/views').expect(200, { views: 1 });
  });

  it('has one store, whose class is that of both entries', () => {
    expect(app.get(SessionStore)).toBeInstanceOf(ExpressEntryStore);
  });
});
