import { describe, expect, it } from 'vitest';
import { SessionOptionsError } from '../../lib/session.errors.js';
import { defineSessionEntity } from '../../lib/table/entity/session.entity.js';
import { createSessionMigration } from '../../lib/table/session.migration.js';

/** What a function throws. */
function errorOf(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('It has thrown nothing.');
}

describe('defineSessionEntity refuses', () => {
  it.each<[string, unknown, RegExp]>([
    ['an option that it does not have', { foo: 1 }, /has no option "foo"\. Remove it, or use one of: name, tableName, schema, columns/],
    ['one that every object has', { constructor: 1 }, /no option "constructor"/],
    ['a field that there is not', { columns: { foo: 'x' } }, /no option "columns\.foo".*use one of: id, data, expiresAt/],
    [
      'a column without a name',
      { columns: { userId: '' } },
      /`columns\.userId` of `defineSessionEntity` is ""\. It must be a non-empty string/,
    ],
    ['columns that are a list', { columns: ['id'] }, /`columns` .* is an array\. It must be an object with the name of a column per field/],
    ['an empty table name', { tableName: '' }, /`tableName` of `defineSessionEntity` is ""\. It must be a non-empty string/],
    ['a schema that is a number', { schema: 1 }, /`schema` .* is 1\./],
    ['a type that is a number', { dataType: 1 }, /`dataType` .* is 1\. It must be a column type/],
    ['renewal as text', { renewal: 'yes' }, /`renewal` .* is "yes"\. It must be true or false/],
    ['a store that nobody knows', { adopt: 'nope' }, /`adopt` .* is "nope"\. It must be "connect-pg-simple" or/],
    ['a text', 'web_sessions', /was given "web_sessions"\. Give it an object with any of: name, tableName/],
    ['null', null, /was given null/],
  ])('%s', (_, definition, message) => {
    const error = errorOf(() => defineSessionEntity(definition as never));
    expect(error).toBeInstanceOf(SessionOptionsError);
    expect(error.message).toMatch(message);
  });

  it('nothing that is undefined, and no type of TypeORM', () => {
    const definition = { tableName: undefined, columns: undefined, dataType: String, renewal: false };
    expect(defineSessionEntity(definition as never).options.tableName).toBe('sessions');
  });
});

describe('createSessionMigration refuses', () => {
  it.each<[string, unknown, RegExp]>([
    [
      'an option that it does not have',
      { nam: 'A1767225600000' },
      /has no option "nam"\. Remove it, or use one of: entity, from, adopt, name/,
    ],
    [
      'an entity that is a number',
      { entity: 5 },
      /`entity` of `createSessionMigration` is 5\. It must be an entity class, an EntitySchema/,
    ],
    ['an older entity that is null', { from: null }, /`from` .* is null/],
    ['a name that is a number', { name: 1_767_225_600_000 }, /`name` .* is 1767225600000\. It must be a string that ends in 13 digits/],
    ['a store that nobody knows', { adopt: 'nope' }, /`adopt` .* is "nope"\. It must be "connect-pg-simple" or/],
    ['such a store in an object', { adopt: { store: 'nope' } }, /`adopt\.store` .* is "nope"\. It must be "connect-pg-simple" or/],
    ['no store', { adopt: { tableName: 'x' } }, /`adopt\.store` .* is null\. It must be "connect-pg-simple" or/],
    ['a table without a name', { adopt: { store: 'typeorm-store', tableName: '' } }, /`adopt\.tableName` .* is ""/],
    ['a field that there is not', { adopt: { store: 'typeorm-store', columns: { foo: 'x' } } }, /no option "adopt\.columns\.foo"/],
    ['a class by itself', class Foo {}, /was given a function/],
  ])('%s', (_, options, message) => {
    const error = errorOf(() => createSessionMigration(options as never));
    expect(error).toBeInstanceOf(SessionOptionsError);
    expect(error.message).toMatch(message);
  });
});
