/** Sizes of stored sessions, in bytes. */
export const SIZES = { small: 1_000, large: 10_000 };

/** Rows of 10 KB, for each row of 1 KB. */
const LARGE_SHARE = 0.05;

/** The rows of a table: so many of 1 KB, and after them some of 10 KB. */
export function rowParts(rows) {
  return [
    { name: 'small', bytes: SIZES.small, template: 'template-of-1-kB', first: 1, last: rows },
    { name: 'large', bytes: SIZES.large, template: 'template-of-10-kB', first: rows + 1, last: rows + Math.ceil(rows * LARGE_SHARE) },
  ];
}
