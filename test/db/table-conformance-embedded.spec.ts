import { describeConformance } from '../support/table-conformance.js';

describeConformance('better-sqlite3', 'sql.js');
