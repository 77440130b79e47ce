/** A user id as the column holds it. Throws a `TypeError` for what is neither a non-empty string nor a number. */
export function userIdOf(userId: unknown): string {
  if (isUserId(userId)) return String(userId);
  throw new TypeError(`A user id must be a non-empty string or a number, not ${nameOf(userId)}. No session was ended or shown.`);
}

/**
 * Whose sessions a query means: everybody's where it has no key `userId`, nobody's where the value is missing, as it is for a visitor
 * who is not signed in.
 */
export function whoseOf(query: { readonly userId?: unknown }): { readonly userId: string | undefined } | 'nobody' {
  if (!('userId' in query)) return { userId: undefined };
  const { userId } = query;
  return userId === undefined || userId === null ? 'nobody' : { userId: userIdOf(userId) };
}

const isUserId = (userId: unknown): userId is string | number =>
  typeof userId === 'string' ? userId !== '' : typeof userId === 'number' && Number.isFinite(userId);

/** Names the kind of a value and not the value, which may be anything. */
const nameOf = (value: unknown): string => {
  if (value === '') return 'an empty string';
  if (value === null || value === undefined || typeof value === 'number') return String(value);
  return Array.isArray(value) ? 'an array' : `of type ${typeof value}`;
};
