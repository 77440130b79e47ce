import type { SessionTable } from '../../table/session-table.js';
import { suiteOf, type Suite, type TestRunner } from '../suite.js';
import { describeBatching } from './batching.js';
import { describeClients } from './users/clients.js';
import { describeExactness } from './exactness.js';
import { describeLimiting } from './users/limiting.js';
import { describeListing } from './users/listing.js';
import { describeLocating } from './users/locating.js';
import { describeLocking } from './locking.js';
import { describeMoving } from './moving.js';
import { describePruning } from './pruning.js';
import { describeRaces } from './races.js';
import { describeReading } from './reading.js';
import { describeTouching } from './touching.js';
import { describeValues } from './values.js';
import { describeWriting } from './writing.js';

/**
 * Describes the contract of `SessionTable` to a test runner, for any table that has columns for all fields. `open` returns the
 * table and is called in each test; what the table holds is removed before each. A failure is an `AssertionError` of
 * `node:assert`. `rowsPerStatement` is how many rows the table puts into one statement if more wait.
 *
 * @example
 * describeSessionTable({ describe, it, beforeEach }, 'in memory', () => table);
 *
 * @publicApi
 */
export function describeSessionTable(
  runner: TestRunner,
  title: string,
  open: () => SessionTable,
  { rowsPerStatement = 1 }: { rowsPerStatement?: number } = {},
): void {
  const suite = suiteOf(runner);
  suite.describe(`SessionTable ${title}`, () => {
    describeOperations(suite, open, rowsPerStatement);
    describeExactness(suite, open);
    describeValues(suite, open);
    describeRaces(suite, open);
    describeLocking(suite, open);
  });
}

/** The part of it that every statement takes part in: enough where only names differ. */
export function describeOperations(suite: Suite, open: () => SessionTable, rowsPerStatement: number): void {
  suite.beforeEach(() => open().clear());

  describeReading(suite, open);
  describeBatching(suite, open, rowsPerStatement);
  describeWriting(suite, open);
  describeTouching(suite, open);
  describeMoving(suite, open);
  describeClients(suite, open);
  describeListing(suite, open);
  describeLocating(suite, open);
  describeLimiting(suite, open);
  describePruning(suite, open);
}
