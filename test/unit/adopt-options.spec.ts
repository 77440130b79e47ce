import { EntitySchema } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { SessionOptionsError } from '../../lib/session.errors.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import type { SessionModuleOptions } from '../../lib/store/options/session-options.js';
import { defineSessionEntity } from '../../lib/table/entity/session.entity.js';

const resolve = (options: Partial<SessionModuleOptions>) => resolveOptions({ secret: 'x', ...options });
const entity = new EntitySchema({ name: 'Own', columns: { id: { type: 'varchar', primary: true } } });

describe('the option adopt', () => {
  it('brings the table, the cookie name and the ids of the store', () => {
    const resolved = resolve({ adopt: 'connect-pg-simple' });
    expect(resolved).toMatchObject({ name: 'connect.sid', hashIds: 'migrate', columns: {}, takesUnsigned: false });
    expect(resolved.entity).toMatchObject({ options: { tableName: 'session', synchronize: false } });
  });

  it('gives way to the options that say otherwise', () => {
    const options = { adopt: { store: 'connect-typeorm', tableName: 'logins' }, name: 'sid', hashIds: false } as const;
    expect(resolve(options)).toMatchObject({ name: 'sid', hashIds: false, entity: { options: { tableName: 'logins' } } });
  });

  it('knows the properties of the entities that stores have in their documentation', () => {
    expect(resolve({ adopt: 'connect-typeorm', entity })).toMatchObject({ entity, columns: { data: 'json', expiresAt: 'expiredAt' } });
    expect(resolve({ adopt: 'connect-typeorm', entity, columns: { data: 'text' } }).columns).toMatchObject({ data: 'text' });
  });

  it('lets ids in without a signature only of a store that signs none, and only while they are taken over', () => {
    expect(resolve({ adopt: 'dancer2-dbic' }).takesUnsigned).toBe(true);
    expect(resolve({ adopt: 'dancer2-dbic', hashIds: true }).takesUnsigned).toBe(false);
  });

  it.each([
    [{ adopt: {} }, /adopt\.store.*missing.*"connect-pg-simple"/],
    [{ adopt: { store: 'connect-redis' } }, /adopt\.store.*"connect-redis".*"connect-typeorm"/],
    [{ adopt: { store: 'typeorm-store', table: 'x' } }, /adopt\.table/],
    [{ adopt: { store: 'typeorm-store', tableName: '' } }, /adopt\.tableName.*non-empty string/],
    [{ adopt: { store: 'typeorm-store', columns: { sid: 'x' } } }, /adopt\.columns\.sid/],
    [{ adopt: { store: 'typeorm-store', tableName: 'x' }, entity }, /`entity` and `adopt\.tableName`/],
    [{ adopt: 'typeorm-store', columns: { id: 'sid' } }, /`adopt` and `columns`.*adopt\.columns/],
  ] as [Partial<SessionModuleOptions>, RegExp][])('is refused: %j', (options, message) => {
    expect(() => resolve(options)).toThrow(SessionOptionsError);
    expect(() => resolve(options)).toThrow(message);
  });

  it('may be given to an entity as it is to the module', () => {
    const adoption = { store: 'connect-pg-simple', tableName: 'user_sessions', schema: 'auth', columns: { data: 'payload' } } as const;
    const { store, ...others } = adoption;
    expect(defineSessionEntity({ adopt: adoption }).options).toEqual(defineSessionEntity({ adopt: store, ...others }).options);
    expect(resolve({ adopt: adoption }).entity).toMatchObject({ options: defineSessionEntity({ adopt: adoption }).options });
  });

  it('is refused of an entity whose columns are not those of the store', () => {
    expect(() => defineSessionEntity({ adopt: 'connect-pg-simple', dataType: 'jsonb' })).toThrow(/dataType/);
    expect(() => defineSessionEntity({ adopt: 'connect-pg-simple', renewal: true })).toThrow(/renewal/);
    expect(() => defineSessionEntity({ adopt: { store: 'x' } as never })).toThrow(/`adopt\.store` of `defineSessionEntity` is "x"/);
    expect(() => defineSessionEntity({ adopt: 5 as never })).toThrow(
      /`adopt` of `defineSessionEntity` is 5\. It must be "connect-pg-simple" or/,
    );
  });
});
