import type { SessionTable } from '../../table/session-table.js';
import { newChange, newRow, newTouch, NOW } from '../rows.js';
import { expect } from '../expect.js';
import type { Suite } from '../suite.js';

/** What SQL or TypeORM might take for something else. */
const ODD = [
  "it's",
  'say "so"',
  'back`tick',
  'back\\slash',
  "\\'; --",
  ':id',
  ':...ids',
  '?',
  '$1',
  '%',
  '@0',
  '{id}',
  "'; DROP TABLE sessions; --",
  '/* comment */',
];

const TEXTS = {
  'umlauts and other alphabets': 'äöü ß – “quotes” Ελληνικά עברית 日本語',
  emoji: '😀 👩‍👩‍👧‍👦 🏳️‍🌈',
  'line breaks and tabs': 'a\nb\r\nc\td',
  'the line separators of JSON': '\u2028\u2029',
  '60 kB': '0123456789'.repeat(6_000),
  'spaces around': '  text  ',
  nothing: '',
};

export function describeValues({ describe, it }: Suite, table: () => SessionTable): void {
  describe('data', () => {
    it.each(Object.entries(TEXTS))('keeps %s through insert, update and upsert', async (_, text) => {
      const data = { inserted: text, updated: `1${text}1`, upserted: `2${text}2` };
      await table().insert([newRow('a', { data: data.inserted })]);
      expect((await table().find(['a'], NOW))[0]?.data).toBe(data.inserted);
      await table().update([newChange('a', { data: data.updated })]);
      expect((await table().find(['a'], NOW))[0]?.data).toBe(data.updated);
      await table().upsert([newRow('a', { data: data.upserted })]);
      expect((await table().find(['a'], NOW))[0]?.data).toBe(data.upserted);
    });

    it.each(ODD)('keeps %j', async (data) => {
      await table().insert([newRow('a', { data })]);
      expect((await table().find(['a'], NOW))[0]?.data).toBe(data);
      await table().update([newChange('a', { data: `${data}${data}` })]);
      expect((await table().find(['a'], NOW))[0]?.data).toBe(`${data}${data}`);
    });
  });

  describe('an id', () => {
    it.each(ODD)('may be %j, from its insert to its removal', async (id) => {
      await table().insert([newRow(id), newRow('other')]);
      expect((await table().find([id], NOW))[0]).toEqual(newRow(id));
      expect(await table().touch([newTouch(id)], NOW)).toEqual(['saved']);
      expect(await table().update([newChange(id)])).toEqual(['saved']);
      expect(await table().upsert([newRow(id)])).toEqual(['saved']);
      expect(await table().changeId([{ id, newId: 'new' }])).toEqual(['saved']);
      expect(await table().changeId([{ id: 'new', newId: id }])).toEqual(['saved']);
      expect((await table().scan({ limit: 9, now: NOW })).map((row) => row.id).toSorted()).toEqual([id, 'other'].toSorted());
      expect(await table().remove([id])).toEqual(['removed']);
      expect((await table().find(['other'], NOW))[0]).toEqual(newRow('other'));
    });
  });

  describe('a user', () => {
    it.each(ODD)('may be %j', async (userId) => {
      await table().insert([newRow('a', { userId }), newRow('b', { userId: 'other' })]);
      expect((await table().page({ userId, limit: 9, now: NOW })).map((row) => row.userId)).toEqual([userId]);
      expect(await table().count({ userId, now: NOW })).toBe(1);
    });
  });

  describe('a moment', () => {
    it.each([0, 1, 2_147_483_647, 2_147_483_648, 4_102_444_800_001, 8_640_000_000_000])('may be %d', async (moment) => {
      await table().insert([newRow('a', { createdAt: moment, lastSeenAt: moment, expiresAt: moment + 1 })]);
      expect((await table().find(['a'], moment))[0]).toMatchObject({ createdAt: moment, expiresAt: moment + 1 });
      expect(await table().find(['a'], moment + 1)).toEqual([undefined]);
    });
  });
}
