/**
 * The options of a call, such as `{ except }` of `revokeUser`. Throws a `TypeError` for what is no object, and for a key that is no option:
 * a misspelt option would be ignored, and the call would affect more sessions than intended.
 */
export function optionsOf<Options extends object>(call: string, options: Options, names: readonly (keyof Options & string)[]): Options {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`The options of \`${call}\` must be an object. It has ${listOf(names)}.`);
  }
  const unknown = Object.keys(options).find((name) => !(names as readonly string[]).includes(name));
  if (unknown === undefined) return options;
  throw new TypeError(`\`${call}\` has no option \`${unknown}\`. It has ${listOf(names)}. Nothing was done.`);
}

const listOf = (names: readonly string[]): string =>
  names
    .map((name) => `\`${name}\``)
    .join(', ')
    .replace(/, (?=[^,]*$)/, ' and ');
