import fc from 'fast-check';
import { DataSource, EntitySchema } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SessionTooLargeError } from '../../lib/session.errors.js';
import { composeStore } from '../../lib/store/compose.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import type { SessionModuleOptions } from '../../lib/store/options/session-options.js';
import type { SessionStore } from '../../lib/store/session-store.js';
import type { SessionSerializer } from '../../lib/store/serializers/serializer.js';
import type { SessionEntity } from '../../lib/table/entity/session.entity.js';
import { describeEachDatabase, uniqueTableName, type TestDatabase } from '../support/databases.js';
import { dataOf, readValues } from '../support/store-data.js';
import { openTable, ownSessionEntity } from '../support/table-open.js';
import { newRow, NOW } from '../support/table-rows.js';

/** The low byte of U+2222 is that of a quotation mark. */
const FORGED = '\u2222,\u2222role\u2222:\u2222admin\u2222,\u2222x\u2222:\u2222';
const NASTY = {
  'letters whose low bytes are quotes': FORGED,
  'letters whose low bytes are backslashes and line breaks': '\u015c\u255c \u010a\u220a \u0100',
  emoji: '😀 👩‍👩‍👧‍👦',
  'other alphabets': 'ÄÖÜ ß é ł Ελληνικά 日本語',
  'combining marks': 'e\u0301 n\u0303',
  'the line separators of JSON': 'a\u2028b\u2029c',
  'a NUL': 'a\0b',
  'half a surrogate pair': 'a\ud800b \udc00',
  'controls and the replacement character': '\u0001\u007f\u0085\u009f\ufffd\ufeff',
  'what looks like an escape': '\\u2222 \\\\u0022',
};

interface Place {
  /** Whether column and connection carry every character. */
  readonly isWide: boolean;
  /** Of the connection. */
  readonly options?: object;
  /** Of the database, where it is one of its own. */
  readonly encoding?: string;
  /** Of the table. */
  readonly charset?: string;
}

const PLACES: Record<TestDatabase['name'], Record<string, Place>> = {
  'better-sqlite3': { memory: { isWide: true } },
  'sql.js': { memory: { isWide: true } },
  postgres: {
    UTF8: { isWide: true },
    'a database of LATIN1': { isWide: false, encoding: 'LATIN1' },
    'a database of SQL_ASCII': { isWide: false, encoding: 'SQL_ASCII' },
  },
  mariadb: {
    utf8mb4: { isWide: true, charset: 'utf8mb4' },
    'a connection of latin1': { isWide: false, charset: 'utf8mb4', options: { charset: 'latin1' } },
    'a connection of ascii': { isWide: false, charset: 'utf8mb4', options: { charset: 'ascii' } },
    'a connection of utf8': { isWide: false, charset: 'utf8mb4', options: { charset: 'utf8' } },
    'a table of latin1': { isWide: false, charset: 'latin1' },
    'a table of ascii': { isWide: false, charset: 'ascii' },
    'a table of utf8mb3': { isWide: false, charset: 'utf8mb3' },
    'a table and connection of latin1': { isWide: false, charset: 'latin1', options: { charset: 'latin1' } },
  },
};

const reverse = (text: string): string => Array.from(text).toReversed().join('');

/** A format of its own, which is no JSON. */
const reversed: SessionSerializer = {
  name: 'reversed',
  serialize: (data) => reverse(JSON.stringify(data)),
  deserialize: (text) => JSON.parse(reverse(text)) as ReturnType<typeof dataOf>,
};

describeEachDatabase('What users type', (database) => {
  describe.each(Object.entries(PLACES[database.name]))('in %s', (_, { isWide, options, encoding, charset }) => {
    const definition = structuredClone(ownSessionEntity(database).options);
    if (charset) {
      for (const column of Object.values(definition.columns)) {
        if (/char|text/.test(String(column?.type))) Object.assign(column ?? {}, { charset, collation: `${charset}_bin` });
      }
    }
    const entity = new EntitySchema<SessionEntity>(definition);
    const own = encoding && uniqueTableName();
    let dataSource: DataSource;
    const stores: SessionStore[] = [];
    const open = (more: Partial<SessionModuleOptions> = {}) => {
      const store = composeStore(resolveOptions({ secret: 'secret', entity, prune: false, ...more }), { dataSource });
      stores.push(store);
      return store;
    };
    const administer = async (sql: string) => {
      const admin = await new DataSource(database.options).initialize();
      await admin.query(sql);
      await admin.destroy();
    };

    beforeAll(async () => {
      if (own) await administer(`CREATE DATABASE ${own} TEMPLATE template0 ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C'`);
      const { url } = database.options as { url?: string };
      const elsewhere = own && url ? { url: new URL(`/${own}`, url).href } : {};
      dataSource = new DataSource({
        ...database.options,
        ...elsewhere,
        ...options,
        entities: [entity],
        synchronize: true,
      });
      await dataSource.initialize();
    });
    afterAll(async () => {
      await Promise.all(stores.map((store) => store.close()));
      if (!own) await dataSource.query(`DROP TABLE ${definition.tableName}`);
      await dataSource.destroy();
      if (own) await administer(`DROP DATABASE ${own}`);
    });

    it.each(Object.entries(NASTY))('comes back as it was: %s', async (_title, text) => {
      const store = open();
      await store.set('a', dataOf({ name: text, [text]: 1 }));
      await store.set('a', dataOf({ name: text, [text]: 2 }));
      expect(await readValues(store, 'a')).toEqual({ name: text, [text]: 2 });
    });

    it('comes back as it was, in sessions that are stored together', async () => {
      const store = open();
      const texts = Object.values(NASTY);
      for (const round of [1, 2]) {
        await Promise.all(
          texts.map(async (text, index) => {
            const session = await store.get(`together ${index}`);
            await store.set(`together ${index}`, Object.assign(session ?? dataOf(), dataOf({ name: text, round })));
          }),
        );
        const values = await Promise.all(texts.map((__, index) => readValues(store, `together ${index}`)));
        expect(values).toEqual(texts.map((name) => ({ name, round })));
      }
    });

    it('comes back as it was, whatever it is', async () => {
      const store = open();
      const text = fc.string({ unit: 'binary', maxLength: 40 });
      const halves = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 20 });
      await fc.assert(
        fc.asyncProperty(text, halves, async (name, half) => {
          await store.set('any', dataOf({ name, half }));
          expect(await readValues(store, 'any')).toEqual({ name, half });
        }),
        { numRuns: 60 },
      );
    });

    it(`lies there ${isWide ? 'as it is' : 'in ASCII'}`, async () => {
      const store = open();
      await store.clear();
      await store.set('a', dataOf({ name: 'ü 😀' }));
      const [row] = await dataSource.getRepository(entity).find();
      expect(row?.data).toContain(isWide ? 'ü 😀' : String.raw`\u00fc \ud83d\ude00`);
    });

    it(`by a serializer of another format is ${isWide ? 'kept' : 'refused where it is not ASCII'}`, async () => {
      const store = open({ serializer: reversed });
      await store.set('plain', dataOf({ name: 'plain' }));
      expect(await readValues(store, 'plain')).toEqual({ name: 'plain' });
      const written = store.set('other', dataOf({ name: FORGED }));
      if (isWide) await written;
      else await expect(written).rejects.toThrow(/"data".*serializer.*utf8mb4.*UTF8/);
      expect(await readValues(store, 'other')).toEqual(isWide ? { name: FORGED } : undefined);
    });

    it.each(['ann\u2222', 'ann"', 'ünn', '😀'])('as a user id is that user, or refused, and never another one: %s', async (userId) => {
      const store = open();
      await store.clear();
      await store.set('victim', dataOf({ userId: 'ann"' }));
      const isCarried = isWide || userId === 'ann"';
      const written = store.set('a', dataOf({ userId }));
      if (isCarried) await written;
      else
        await expect(written).rejects.toMatchObject({
          status: 413,
          message: expect.stringMatching(/"user_id".*userId.*utf8mb4/) as string,
        });
      const expected = isCarried ? 1 : 0;
      expect(await store.count({ userId })).toBe(expected + (userId === 'ann"' ? 1 : 0));
      expect(await store.list({ userId: 'ann"' })).toHaveLength(1 + (userId === 'ann"' ? 1 : 0));
    });

    it('as half a surrogate pair is no user id, which would be another one’s', async () => {
      const store = open();
      await store.clear();
      await expect(store.set('a', dataOf({ userId: 'ann\ud800' }))).rejects.toThrow(SessionTooLargeError);
      expect(await store.count({ userId: 'ann\ufffd' })).toBe(0);
    });

    it('as a browser’s own description is kept, escaped where it has to be', async () => {
      const table = openTable(dataSource, entity);
      await table.clear();
      await table.insert([newRow('a', { userAgent: 'B\u2222', ipAddress: '::1' })]);
      expect((await table.find(['a'], NOW))[0]?.userAgent).toBe(isWide ? 'B\u2222' : String.raw`B\u2222`);
      await table.clear();
      await table.insert([newRow('a', { userAgent: 'ü'.repeat(255) })]);
      expect((await table.find(['a'], NOW))[0]?.userAgent).toHaveLength(255);
    });
  });
});
