import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { EndNotices, type NoticeBoard } from '../../lib/store/caching/end-notices.js';
import { RecentRows } from '../../lib/store/caching/recent-rows.js';

const hashes = (count: number) =>
  Array.from({ length: count }, (_, index) => createHash('sha256').update(`session ${index}`).digest('hex'));

describe('the ends of sessions in one turn', () => {
  const start = () => {
    const told: string[] = [];
    const board: NoticeBoard = { tell: async (notice) => void told.push(notice), listen: () => undefined };
    return { told, notices: new EndNotices(board, new RecentRows(1_000, 10)) };
  };

  it('are told in one notice, each once', async () => {
    const { told, notices } = start();
    const ended = hashes(50);
    await Promise.all([...ended, ended[0]!].map((key) => notices.tell([key])));
    expect(told).toEqual([ended.join(' ')]);
  });

  it('are told as an end of all where they are more than fifty', async () => {
    const { told, notices } = start();
    await Promise.all(hashes(51).map((key) => notices.tell([key])));
    expect(told).toEqual(['*']);
  });

  it('are told one after the other where they come in two turns', async () => {
    const { told, notices } = start();
    const [first, second] = hashes(2);
    await notices.tell([first!]);
    await notices.tell([second!]);
    expect(told).toEqual([first, second]);
  });
});
