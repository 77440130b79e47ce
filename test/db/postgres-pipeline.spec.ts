import { describe, expect, it } from 'vitest';
import { describeOperations } from '../conformance/session-table.js';
import { describeEachServer, useDataSource } from '../support/databases.js';
import { openTable, ownSessionEntity } from '../support/table-open.js';

describeEachServer('Connections that send a query before they have the answer to the one before', (database) => {
  if (database.name !== 'postgres') {
    it('are those of pg only', () => expect(database.options.type).not.toBe('postgres'));
    return;
  }
  const entity = ownSessionEntity(database);
  const dataSource = useDataSource(database, [entity], { extra: { pipeline: true } });

  it.each([true, false])('take all statements (prepared: %s)', async (prepares) => {
    expect(await openTable(dataSource(), entity, { prepares }).fields()).toContain('expiresAt');
  });

  describe('hold sessions', () => describeOperations(() => openTable(dataSource(), entity)));
});
