import { describeSessionTable as describeTable, MemorySessionTable } from 'nestjs-typeorm-session/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { newRow, NOW } from '../support/table-rows.js';

let table: MemorySessionTable;

beforeEach(() => {
  table = new MemorySessionTable();
});

describeTable({ describe, it, beforeEach }, 'in memory', () => table);

describe('the conformance of a table', () => {
  /** Runs the contract on a table, and returns the titles of what fails. */
  const failuresOf = async (broken: MemorySessionTable): Promise<string[]> => {
    const failures: string[] = [];
    const tests: { title: string; body: () => Promise<void> }[] = [];
    const hooks: (() => Promise<void>)[] = [];
    const path: string[] = [];
    const runner = {
      describe: (title: string, body: () => void) => {
        path.push(title);
        const count = hooks.length;
        body();
        hooks.length = count;
        path.pop();
      },
      it: (title: string, body: () => Promise<void>) => {
        const before = [...hooks];
        const run = async () => {
          for (const hook of before) await hook();
          await body();
        };
        tests.push({ title: [...path, title].join(' > '), body: run });
      },
      beforeEach: (hook: () => Promise<void>) => void hooks.push(hook),
    };
    describeTable(runner, 'that is broken', () => broken);
    for (const { title, body } of tests.filter(({ title: each }) => !each.includes('lock'))) {
      await body().catch(({ name }: Error) => failures.push(`${title}: ${name}`));
    }
    return failures;
  };

  it('finds no fault in the one of memory, under any runner', async () => {
    expect(await failuresOf(new MemorySessionTable())).toEqual([]);
  });

  it('finds a table that brings back what is gone, that forgets a version, or takes an id for another', async () => {
    class Reviving extends MemorySessionTable {
      override async update(changes: Parameters<MemorySessionTable['update']>[0]) {
        await this.upsert(changes.map((change) => newRow(change.id, { data: change.data })));
        return changes.map(() => 'saved' as const);
      }
    }
    class Careless extends MemorySessionTable {
      override find(ids: readonly string[], now: number) {
        return super.find(
          ids.map((id) => id.trim().toLowerCase()),
          now,
        );
      }
    }
    const prefix = 'SessionTable that is broken > ';
    expect(await failuresOf(new Reviving())).toEqual(
      expect.arrayContaining([
        `${prefix}update > is gone where there is no row, and adds none (version 1): AssertionError`,
        `${prefix}at the same moment > a removed row stays gone, whatever updates and touches it: AssertionError`,
      ]),
    );
    expect(await failuresOf(new Careless())).toContain(`${prefix}an id > like "ABC" > does not find the row of "abc": AssertionError`);
  });
});

it('a table in memory hands out copies, and keeps its rows in the map that it is given', async () => {
  const rows = new Map();
  const given = new MemorySessionTable(rows);
  await given.insert([newRow('a')]);
  const [found] = await given.find(['a'], NOW);
  Object.assign(found!, { data: 'another' });
  expect(rows.get('a')).toEqual(newRow('a'));
});
