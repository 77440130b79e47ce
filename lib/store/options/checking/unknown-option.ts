/** What options of other packages are called here, by their names in lower case. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ...['ttl', 'expiration', 'timeout'].map((name) => [name, 'Did you mean `idleTimeout`?'] as const),
  ...['maxage', 'expires', 'expire'].map((name) => [name, 'Did you mean `cookie.maxAge` or `idleTimeout`?'] as const),
  ...['httponly', 'secure', 'samesite', 'domain', 'path', 'partitioned', 'priority'].map(
    (name) => [name, 'It is an attribute of the cookie: set it in `cookie`.'] as const,
  ),
  ...['table', 'tablename'].map((name) => [name, 'Did you mean `entity: defineSessionEntity({ tableName })`?'] as const),
  ...['schema', 'schemaname'].map((name) => [name, 'Did you mean `entity: defineSessionEntity({ schema })`?'] as const),
  ['repository', 'Did you mean `entity`?'],
  ['store', 'This package is the store itself; `createSessionStore` makes one for a `session()` of your own.'],
  ['key', 'Did you mean `name`?'],
  ['keys', 'Did you mean `secret`?'],
  ...['touchafter', 'disabletouch'].map((name) => [name, 'Did you mean `touchInterval`?'] as const),
  ...['checkexpirationinterval', 'prunesessioninterval', 'cleanupinterval', 'clearexpired'].map(
    (name) => [name, 'Did you mean `prune: { interval }`?'] as const,
  ),
  ['cleanuplimit', 'Did you mean `prune: { batchSize }`?'],
]);

/** A sentence, with a space before it, that says which option was probably meant; empty where none comes near. */
export function suggestOption(name: string, prefix: string, known: readonly string[]): string {
  const nearest = nearestOf(name, known);
  const sentence = nearest === undefined ? prefix === '' && ELSEWHERE.get(plain(name)) : `Did you mean \`${prefix}${nearest}\`?`;
  return sentence ? ` ${sentence}` : '';
}

/** The known name that differs by its case and signs, or by one letter in four at most. */
function nearestOf(name: string, known: readonly string[]): string | undefined {
  const [nearest] = known
    .map((each) => ({ each, distance: distanceOf(plain(name), plain(each)) }))
    .filter(({ each, distance }) => distance <= each.length / 4)
    .toSorted((one, other) => one.distance - other.distance);
  return nearest?.each;
}

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z]/g, '');

/** How many letters must be added, left out or replaced to make one word of another (Levenshtein). */
function distanceOf(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (const [index, letter] of Array.from(one).entries()) {
    const next = [index + 1];
    for (let column = 1; column <= other.length; column++) {
      const replaced = row[column - 1]! + (letter === other[column - 1] ? 0 : 1);
      next.push(Math.min(row[column]! + 1, next[column - 1]! + 1, replaced));
    }
    row = next;
  }
  return row[other.length]!;
}
