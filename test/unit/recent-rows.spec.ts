import { describe, expect, it } from 'vitest';
import { RecentRows } from '../../lib/store/caching/recent-rows.js';
import { HOUR, newRow, newTouch, NOW } from '../support/table-rows.js';

const TTL = 5_000;

function open(max = 100) {
  const recent = new RecentRows(TTL, max);
  const keep = (key: string, more: Parameters<typeof newRow>[1] = {}, now = NOW) =>
    recent.keep(recent.begin(key, now), newRow(key, { handle: key, ...more }));
  return { recent, keep };
}

describe('a row that was read', () => {
  it('counts until the time is over, from the beginning of its read', () => {
    const { recent, keep } = open();
    keep('a');
    expect(recent.get('a', NOW)).toEqual(newRow('a', { handle: 'a' }));
    expect(recent.get('a', NOW + TTL - 1)).toBeDefined();
    expect(recent.get('a', NOW + TTL)).toBeUndefined();
    expect(recent.size).toBe(0);
  });

  it('does not count longer because it is asked for', () => {
    const { recent, keep } = open();
    keep('a');
    for (let age = 0; age < TTL; age += 1_000) expect(recent.get('a', NOW + age)).toBeDefined();
    expect(recent.get('a', NOW + TTL)).toBeUndefined();
  });

  it('does not count longer where the clock is set back', () => {
    const { recent, keep } = open();
    keep('a');
    expect(recent.get('a', NOW - 1)).toBeUndefined();
    expect(recent.get('a', NOW)).toBeUndefined();
  });

  it('does not count once it has expired', () => {
    const { recent, keep } = open();
    keep('a', { expiresAt: NOW + 1_000 });
    expect(recent.get('a', NOW + 999)).toBeDefined();
    expect(recent.get('a', NOW + 1_000)).toBeUndefined();
  });

  it('counts without a column for its end', () => {
    const { recent, keep } = open();
    recent.keep(recent.begin('a', NOW), newRow('a', { expiresAt: undefined, handle: undefined }));
    keep('b');
    expect(recent.get('a', NOW + 1)).toBeDefined();
  });

  it('that is missing is not known', () => {
    const { recent, keep } = open();
    recent.keep(recent.begin('a', NOW), undefined);
    expect(recent.size).toBe(0);
    keep('b');
    recent.keep(recent.begin('b', NOW), undefined);
    expect(recent.get('b', NOW)).toBeUndefined();
  });

  it('gives way to one that was read later, and not to one that was read before', () => {
    const { recent } = open();
    const [first, second] = [recent.begin('a', NOW), recent.begin('a', NOW)];
    recent.keep(second, newRow('a', { version: 2 }));
    recent.keep(first, newRow('a', { version: 1 }));
    expect(recent.get('a', NOW)?.version).toBe(2);
    recent.keep(recent.begin('a', NOW), newRow('a', { version: 3 }));
    expect(recent.get('a', NOW)?.version).toBe(3);
  });

  it('is there under one key, the one that was read later', () => {
    const { recent } = open();
    const [old, renewed] = [recent.begin('old', NOW), recent.begin('new', NOW)];
    recent.keep(renewed, newRow('new', { handle: 'h' }));
    recent.keep(old, newRow('old', { handle: 'h' }));
    expect([recent.get('old', NOW), recent.get('new', NOW)?.id]).toEqual([undefined, 'new']);
    recent.keep(recent.begin('newer', NOW), newRow('newer', { handle: 'h' }));
    expect([recent.get('new', NOW), recent.get('newer', NOW)?.id]).toEqual([undefined, 'newer']);
  });
});

describe('of too many rows', () => {
  it('those that were read first go', () => {
    const { recent, keep } = open(2);
    for (const key of ['a', 'b', 'c']) keep(key);
    expect(['a', 'b', 'c'].map((key) => recent.get(key, NOW)?.id)).toEqual([undefined, 'b', 'c']);
    expect(recent.size).toBe(2);
  });

  it('one of more than 4 KB counts as several', () => {
    const { recent, keep } = open(4);
    for (const key of ['a', 'b', 'c']) keep(key);
    keep('large', { data: 'x'.repeat(8_192) });
    expect(['a', 'b', 'c', 'large'].map((key) => recent.get(key, NOW)?.id)).toEqual([undefined, 'b', 'c', 'large']);
    keep('larger', { data: 'x'.repeat(4 * 4_096 + 1) });
    expect(recent.size).toBe(0);
    keep('a');
    expect(recent.get('a', NOW)).toBeDefined();
  });

  it('those whose time is over go with the next read', () => {
    const { recent, keep } = open();
    for (const key of ['a', 'b']) keep(key);
    keep('c', {}, NOW + TTL);
    expect(recent.size).toBe(1);
  });
});

describe('what is forgotten', () => {
  const WAYS: readonly [string, (recent: RecentRows) => void][] = [
    ['by its key', (recent) => recent.forget('a')],
    ['by its handle', (recent) => recent.forgetHandle('h')],
    ['with its user', (recent) => recent.forgetUser('ann')],
    ['with all', (recent) => recent.forgetAll()],
  ];

  it.each(WAYS)('%s, is not there any more', (_, forget) => {
    const { recent, keep } = open();
    keep('a', { handle: 'h', userId: 'ann' });
    forget(recent);
    expect(recent.get('a', NOW)).toBeUndefined();
    keep('a', { handle: 'h', userId: 'ann' });
    expect(recent.get('a', NOW)).toBeDefined();
  });

  it.each(WAYS)('%s while it is read, is not kept', (_, forget) => {
    const { recent } = open();
    const reads = [recent.begin('a', NOW), recent.begin('a', NOW)];
    forget(recent);
    for (const read of reads) recent.keep(read, newRow('a', { handle: 'h', userId: 'ann' }));
    expect(recent.get('a', NOW)).toBeUndefined();
  });

  it.each(WAYS)('%s, leaves a read that begins later alone', (_, forget) => {
    const { recent } = open();
    const before = recent.begin('a', NOW);
    forget(recent);
    const after = recent.begin('a', NOW);
    recent.keep(after, newRow('a', { version: 2 }));
    recent.keep(before, newRow('a', { version: 1 }));
    expect(recent.get('a', NOW)?.version).toBe(2);
  });

  it('leaves others there', () => {
    const { recent, keep } = open();
    keep('a', { handle: 'h', userId: 'ann' });
    keep('b', { handle: 'i', userId: 'bob' });
    recent.forget('a');
    recent.forgetHandle('h');
    recent.forgetHandle('unknown');
    recent.forgetUser('ann');
    expect(recent.get('b', NOW)).toBeDefined();
  });

  it('is kept again after a read has failed', () => {
    const { recent, keep } = open();
    const failing = recent.begin('a', NOW);
    recent.forget('a');
    recent.drop(failing);
    keep('a');
    expect(recent.get('a', NOW)).toBeDefined();
  });
});

describe('while it is off', () => {
  it('nothing is there, nor kept of a read that began then', () => {
    const { recent, keep } = open();
    keep('a');
    recent.switch(false);
    expect(recent.get('a', NOW)).toBeUndefined();
    keep('b');
    expect(recent.size).toBe(0);
    const begun = recent.begin('c', NOW);
    recent.switch(true);
    recent.keep(begun, newRow('c'));
    expect(recent.size).toBe(0);
    keep('c');
    expect(recent.size).toBe(1);
  });
});

describe('a touch', () => {
  it('moves the times of a row, never backwards, and prolongs no time here', () => {
    const { recent, keep } = open();
    keep('a', { expiresAt: NOW + HOUR });
    recent.move(newTouch('a', { expiresAt: NOW + 2 * HOUR, pruneAfter: undefined, lastSeenAt: NOW + 1 }));
    const row = newRow('a', { handle: 'a', expiresAt: NOW + HOUR });
    expect(recent.get('a', NOW)).toEqual({ ...row, expiresAt: NOW + 2 * HOUR, lastSeenAt: NOW + 1 });
    recent.move(newTouch('a', { expiresAt: NOW + HOUR, lastSeenAt: NOW }));
    expect(recent.get('a', NOW)).toMatchObject({ expiresAt: NOW + 2 * HOUR, lastSeenAt: NOW + 1 });
    expect(recent.get('a', NOW + TTL)).toBeUndefined();
  });

  it('leaves out what has no column, and rows that are not here', () => {
    const { recent } = open();
    recent.keep(recent.begin('a', NOW), newRow('a', { lastSeenAt: undefined }));
    recent.move(newTouch('a'));
    recent.move(newTouch('b'));
    expect(recent.get('a', NOW)?.lastSeenAt).toBeUndefined();
    expect(recent.size).toBe(1);
  });

  it('leaves nothing of a read that may not know of it', () => {
    const { recent } = open();
    const read = recent.begin('a', NOW);
    recent.move(newTouch('a'));
    recent.keep(read, newRow('a'));
    expect(recent.size).toBe(0);
  });
});
