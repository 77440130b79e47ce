import { SessionRefusedError } from '../../session.errors.js';
import type { TableShape } from '../sql/dialect.js';

/** A write, or a removal, that the database carried out without an error and without the row: a trigger has left it out. */
export const droppedRowError = ({ table }: Pick<TableShape, 'table'>): SessionRefusedError =>
  new SessionRefusedError(
    `A trigger, or a rule, of the session table ${table} left out a row without an error. It was neither stored nor removed. ` +
      'Let the trigger raise an error, or let it pass the row on.',
  );
