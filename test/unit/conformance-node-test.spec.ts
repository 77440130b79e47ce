import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { useLibraryProcess } from '../support/library-process.js';

const PROGRAM = `
import { beforeEach, describe, it } from 'node:test';
import { describeSessionTable, MemorySessionTable } from './lib/testing.js';

const table = new MemorySessionTable();
describeSessionTable({ describe, it, beforeEach }, 'in memory', () => table);
`;

const run = useLibraryProcess(() => ({ 'program.js': PROGRAM }), { silent: true, env: { ...process.env, NODE_TEST_CONTEXT: '' } });

it('the conformance of a table is complete under node:test', { timeout: 60_000 }, async () => {
  const child = run(undefined);
  const ended = once(child, 'exit');
  const output = await text(child.stdout!);
  expect(output).toMatch(/tests \d{2}/);
  expect(output).toMatch(/cancelled 0\b/);
  expect(await ended).toEqual([0, null]);
});
