import type { SessionTable } from '../../table/session-table.js';
import { newChange, newRow, newTouch, NOW } from '../rows.js';
import { expect } from '../expect.js';
import type { Suite } from '../suite.js';

const ROUNDS = Array.from({ length: 20 }, (_, round) => `round-${round}`);
const WRITERS = [0, 1, 2, 3, 4, 5];

const countOf = (outcomes: readonly unknown[], outcome: string): number => outcomes.filter((one) => one === outcome).length;

export function describeRaces({ describe, it }: Suite, table: () => SessionTable): void {
  describe('at the same moment', () => {
    const read = async (id: string) => (await table().find([id], NOW))[0];

    it('one of many inserts of an id is saved, and its row stands', async () => {
      for (const id of ROUNDS) {
        const rows = WRITERS.map((writer) => newRow(id, { data: `{"writer":${writer}}`, handle: `${id}/${writer}` }));
        const outcomes = (await Promise.all(rows.map((row) => table().insert([row])))).flat();
        expect(countOf(outcomes, 'saved')).toBe(1);
        expect(countOf(outcomes, 'conflict')).toBe(WRITERS.length - 1);
        expect(await read(id)).toEqual(rows[outcomes.indexOf('saved')]);
      }
    });

    it('one of many updates of a version is saved, and its data stands', async () => {
      for (const id of ROUNDS) {
        await table().insert([newRow(id)]);
        const changes = WRITERS.map((writer) => newChange(id, { data: `{"writer":${writer}}` }));
        const outcomes = (await Promise.all(changes.map((change) => table().update([change])))).flat();
        expect(countOf(outcomes, 'saved')).toBe(1);
        expect(countOf(outcomes, 'conflict')).toBe(WRITERS.length - 1);
        expect(await read(id)).toMatchObject({ data: changes[outcomes.indexOf('saved')]!.data, version: 2 });
      }
    });

    it('all updates of any version are saved and counted', async () => {
      await table().insert([newRow('a')]);
      const changes = ROUNDS.map((data) => newChange('a', { data, version: undefined }));
      const outcomes = (await Promise.all(changes.map((change) => table().update([change])))).flat();
      expect(countOf(outcomes, 'saved')).toBe(ROUNDS.length);
      expect((await read('a'))?.version).toBe(1 + ROUNDS.length);
    });

    it('all upserts of an id are saved and counted', async () => {
      for (const id of ROUNDS) {
        const rows = WRITERS.map((writer) => newRow(id, { handle: `${id}/${writer}` }));
        const outcomes = (await Promise.all(rows.map((row) => table().upsert([row])))).flat();
        expect(countOf(outcomes, 'saved')).toBe(WRITERS.length);
        expect((await read(id))?.version).toBe(WRITERS.length);
      }
    });

    it('a removed row stays gone, whatever updates and touches it', async () => {
      for (const id of ROUNDS) {
        await table().insert([newRow(id)]);
        const [removed] = await Promise.all([
          table().remove([id]),
          ...WRITERS.map(() => table().update([newChange(id, { version: undefined })])),
          ...WRITERS.map(() => table().touch([newTouch(id)], NOW)),
        ]);
        expect(removed).toEqual(['removed']);
        expect(await read(id)).toBeUndefined();
      }
    });

    it('one of many moves of a row to an id of its own is saved', async () => {
      for (const id of ROUNDS) {
        await table().insert([newRow(id)]);
        const newIds = WRITERS.map((writer) => `${id}/${writer}`);
        const outcomes = (await Promise.all(newIds.map((newId) => table().changeId([{ id, newId }])))).flat();
        expect(countOf(outcomes, 'saved')).toBe(1);
        expect(countOf(outcomes, 'gone')).toBe(WRITERS.length - 1);
        const found = await table().find(newIds, NOW);
        expect(found.map((row) => row !== undefined)).toEqual(outcomes.map((outcome) => outcome === 'saved'));
      }
    });

    it('one of many rows gets an id that all want', async () => {
      for (const newId of ROUNDS) {
        const ids = WRITERS.map((writer) => `${newId}/${writer}`);
        await table().insert(ids.map((id) => newRow(id)));
        const outcomes = (await Promise.all(ids.map((id) => table().changeId([{ id, newId }])))).flat();
        expect(countOf(outcomes, 'saved')).toBe(1);
        expect(countOf(outcomes, 'conflict')).toBe(WRITERS.length - 1);
        expect((await read(newId))?.handle).toBe(newRow(ids[outcomes.indexOf('saved')]!).handle);
      }
    });

    it('touches and updates do not undo each other', async () => {
      for (const id of ROUNDS) {
        await table().insert([newRow(id)]);
        const { expiresAt } = newChange(id);
        await Promise.all([table().update([newChange(id)]), table().touch([newTouch(id)], NOW)]);
        expect(await read(id)).toMatchObject({ data: '{"changed":true}', version: 2, expiresAt });
      }
    });

    it('each expired row is pruned once', async () => {
      await table().insert(ROUNDS.map((id) => newRow(id, { expiresAt: NOW })));
      let pruned = 0;
      while ((await table().scan({ limit: 1, now: 0 })).length > 0) {
        const counts = await Promise.all(WRITERS.map(() => table().prune({ now: NOW, limit: 5 })));
        pruned += counts.reduce((sum, count) => sum + count);
      }
      expect(pruned).toBe(ROUNDS.length);
    });
  });
}
