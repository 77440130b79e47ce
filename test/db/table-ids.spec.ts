import type { EntitySchemaColumnOptions } from 'typeorm';
import { beforeEach, describe } from 'vitest';
import { describeExactness } from '../conformance/exactness.js';
import { describeEachDatabase, useDataSource, type TestDatabase } from '../support/databases.js';
import { variantOf } from '../support/table-entities.js';
import { openTable } from '../support/table-open.js';

type Ids = Record<string, EntitySchemaColumnOptions>;

/** Types of an id column under which ids that differ may compare as equal. */
const IDS: Record<TestDatabase['name'], Ids> = {
  'better-sqlite3': {
    'that ignores case': { type: 'varchar', length: 128, collation: 'NOCASE' },
    'that ignores spaces at the end': { type: 'varchar', length: 128, collation: 'RTRIM' },
  },
  'sql.js': {
    'that ignores case': { type: 'varchar', length: 128, collation: 'NOCASE' },
    'that ignores spaces at the end': { type: 'varchar', length: 128, collation: 'RTRIM' },
  },
  postgres: {
    'of fixed length': { type: 'char', length: 128 },
  },
  mariadb: {
    'that ignores case and accents': { type: 'varchar', length: 128, charset: 'utf8mb4', collation: 'utf8mb4_general_ci' },
    'that ignores case, in latin1': { type: 'varchar', length: 128, charset: 'latin1', collation: 'latin1_swedish_ci' },
    'that ignores spaces at the end': { type: 'varchar', length: 128, charset: 'utf8mb4', collation: 'utf8mb4_bin' },
    'of fixed length': { type: 'char', length: 128, charset: 'utf8mb4', collation: 'utf8mb4_general_ci' },
  },
};

describeEachDatabase('An id', (database) => {
  describe.each(Object.entries(IDS[database.name]))('in a column %s', (_, id) => {
    const entity = variantOf({ id });
    const dataSource = useDataSource(database, [entity]);
    const open = () => openTable(dataSource(), entity);
    beforeEach(() => open().clear());

    describeExactness(open);
  });
});
