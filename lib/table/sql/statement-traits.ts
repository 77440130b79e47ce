/** Statements that may run twice: over a connection that breaks they are sent once more. */
export const IDEMPOTENT: ReadonlySet<string> = new Set([
  'find',
  'findId',
  'count',
  'idsOfUser',
  'touch',
  'touchInHour',
  'setClient',
  'remove',
  'prune',
]);
/** What requests do; of statements for several rows those that are the same for many counts. */
export const FREQUENT: ReadonlySet<string> = new Set([
  'find',
  'insert',
  'update',
  'updateInPlace',
  'upsert',
  'touch',
  'touchInHour',
  'remove',
]);
