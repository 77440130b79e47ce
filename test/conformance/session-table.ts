import { beforeEach, describe } from 'vitest';
import type { SessionTable } from '../../lib/table/session-table.js';
import { MAX_ROWS } from '../../lib/table/sql/statement.js';
import { describeBatching } from './batching.js';
import { describeClients } from './clients.js';
import { describeExactness } from './exactness.js';
import { describeLimiting } from './limiting.js';
import { describeListing } from './listing.js';
import { describeLocating } from './locating.js';
import { describeLocking } from './locking.js';
import { describeMoving } from './moving.js';
import { describePruning } from './pruning.js';
import { describeRaces } from './races.js';
import { describeReading } from './reading.js';
import { describeTouching } from './touching.js';
import { describeValues } from './values.js';
import { describeWriting } from './writing.js';

/**
 * The contract of `SessionTable`, for any table that has columns for all fields. `open` is asked before each case; what
 * the table holds is removed.
 */
export function describeSessionTable(title: string, open: () => SessionTable, rowsPerStatement = MAX_ROWS): void {
  describe(`SessionTable ${title}`, () => {
    describeOperations(open, rowsPerStatement);
    describeExactness(open);
    describeValues(open);
    describeRaces(open);
    describeLocking(open);
  });
}

/** The part of it that every statement takes part in: enough where only names differ. */
export function describeOperations(open: () => SessionTable, rowsPerStatement = MAX_ROWS): void {
  beforeEach(() => open().clear());

  describeReading(open);
  describeBatching(open, rowsPerStatement);
  describeWriting(open);
  describeTouching(open);
  describeMoving(open);
  describeClients(open);
  describeListing(open);
  describeLocating(open);
  describeLimiting(open);
  describePruning(open);
}
