import type { SessionTable } from '../../lib/table/session-table.js';

type Write = (items: readonly unknown[], ...rest: unknown[]) => Promise<unknown[]>;

const WRITES: ReadonlySet<PropertyKey> = new Set(['insert', 'update', 'upsert', 'touch', 'changeId', 'remove']);

/**
 * A table that asks again for the rows that another transaction holds, until it has them. Not for behind a batcher, which does so
 * itself: what is refused at last hides what became of the rows that were written before it.
 */
export function patient<Table extends SessionTable<'locked'>>(table: Table): Omit<Table, keyof SessionTable> & SessionTable {
  const patientTable = new Proxy(table, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      const method = member.bind(target) as Write;
      if (!WRITES.has(name)) return method;
      return async (items: readonly unknown[], ...rest: unknown[]) => {
        const outcomes = await method(items, ...rest);
        for (let locked; (locked = items.filter((_, index) => outcomes[index] === 'locked')).length > 0;) {
          const again = await method(locked, ...rest);
          for (const [index, outcome] of outcomes.entries()) if (outcome === 'locked') outcomes[index] = again.shift();
        }
        return outcomes;
      };
    },
  });
  return patientTable as unknown as Omit<Table, keyof SessionTable> & SessionTable;
}
