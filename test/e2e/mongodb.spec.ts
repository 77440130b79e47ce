import { TypeOrmModule } from '@nestjs/typeorm';
import { SessionModule } from 'nestjs-typeorm-session';
import { createSessionMiddleware, createSessionStore } from 'nestjs-typeorm-session/express';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { createApp } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';

/** As TypeORM takes it where the package `mongodb` is not installed; nothing connects before it is refused. */
const options = { type: 'mongodb', database: 'shop', driver: {} } as DataSourceOptions;
const refusal = {
  name: 'SessionOptionsError',
  message: expect.stringMatching(/is MongoDB, which has no SQL.*`dataSource`.*`connection: \{/),
};

describe('MongoDB is refused at start-up', () => {
  it.each([
    [
      'of the application',
      () => [TypeOrmModule.forRoot({ ...options, manualInitialization: true }), SessionModule.forRoot({ secret: SECRET })],
    ],
    ['given as an object', () => [SessionModule.forRoot({ secret: SECRET, dataSource: new DataSource(options) })]],
    ['as a connection of the module’s own', () => [SessionModule.forRoot({ secret: SECRET, connection: options })]],
  ])('under Nest, %s', async (_, imports) => {
    await expect(createApp({ imports: imports() })).rejects.toMatchObject(refusal);
  });

  it.each([createSessionMiddleware, createSessionStore])('by %o', (create) => {
    const message = expect.objectContaining(refusal) as Error;
    expect(() => void create({ secret: SECRET, dataSource: new DataSource(options) })).toThrow(message);
    expect(() => void create({ secret: SECRET, connection: options })).toThrow(message);
  });
});
