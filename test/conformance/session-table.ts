import { beforeEach, describe, it } from 'vitest';
import type { SessionTable } from '../../lib/table/session-table.js';
import { MAX_ROWS } from '../../lib/table/sql/statement.js';
import * as exactness from '../../lib/testing/conformance/exactness.js';
import * as races from '../../lib/testing/conformance/races.js';
import * as conformance from '../../lib/testing/conformance/session-table.js';
import { suiteOf } from '../../lib/testing/suite.js';

const runner = { describe, it, beforeEach };

/** The contract of `SessionTable` under Vitest. */
export function describeSessionTable(title: string, open: () => SessionTable, rowsPerStatement = MAX_ROWS): void {
  conformance.describeSessionTable(runner, title, open, { rowsPerStatement });
}

/** The part of it that every statement takes part in: enough where only names differ. */
export function describeOperations(open: () => SessionTable, rowsPerStatement = MAX_ROWS): void {
  conformance.describeOperations(suiteOf(runner), open, rowsPerStatement);
}

export const describeExactness = (open: () => SessionTable): void => exactness.describeExactness(suiteOf(runner), open);

export const describeRaces = (open: () => SessionTable): void => races.describeRaces(suiteOf(runner), open);
