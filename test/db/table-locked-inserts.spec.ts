import { createHash } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { batched } from '../../lib/store/batching/batching-table.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import { describeEachServer, useDataSource } from '../support/databases.js';
import { openImpatientTable, ownSessionEntity } from '../support/table-open.js';
import { newRow } from '../support/table-rows.js';

const key = (name: string): string => createHash('sha256').update(name).digest('hex');

describeEachServer('An id that another transaction is about to take', (database) => {
  const entity = ownSessionEntity(database);
  const dataSource = useDataSource(database, [entity], { poolSize: 4 });
  const other = useDataSource(database, []);
  const name = database.name === 'postgres' ? `"${entity.options.tableName}"` : `\`${entity.options.tableName}\``;

  // The first row leaves alone, the others together.
  it.each([
    ['insert', true],
    ['insert', false],
    ['upsert', true],
    ['upsert', false],
  ] as const)('fails none of the others in its statement: %s (prepared statements: %s)', async (operation, prepares) => {
    const impatient = openImpatientTable(dataSource(), entity, { prepares });
    await impatient.fields();
    const table = batched(impatient, resolveOptions({ secret: 'a secret' }), () => performance.now());
    const holder = other().createQueryRunner();
    onTestFinished(() => holder.release());
    const idOf = (text: string) => key(`${operation} ${prepares} ${text}`);
    const taken = newRow(idOf('taken'));
    await holder.startTransaction();
    await holder.query(
      `INSERT INTO ${name} (id, data, expires_at, prune_after, created_at, last_seen_at, version, handle) ` +
        `VALUES ('${taken.id}', '{}', 1, 1, 1, 1, 1, '${taken.handle}')`,
    );
    const ids = Array.from({ length: 20 }, (_, index) => idOf(String(index))).toSpliced(5, 0, taken.id);
    const outcomes = ids.map((id) => table[operation]([newRow(id)]));
    const others = outcomes.filter((_, index) => ids[index] !== taken.id);
    expect((await Promise.all(others)).flat()).toEqual(others.map(() => 'saved'));
    await holder.rollbackTransaction();
    await expect(outcomes[5]).resolves.toEqual(['saved']);
  });
});
