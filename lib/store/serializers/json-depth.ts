/** Levels of nesting that `JSON.stringify` can write without overflowing the call stack; `JSON.parse` reads any number of them. */
export const MAX_DEPTH = 4_096;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/** Returns JSON text as it is. Throws a RangeError for text that can be read but never written again, because it is nested too deep. */
export function checkDepth(json: string): string {
  // Each level takes an opening and a closing character, so most texts need no look at each of their characters.
  if (json.length <= 2 * MAX_DEPTH || hasFew(json, '{', '[')) return json;
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < json.length; index++) {
    const code = json.charCodeAt(index);
    if (code === QUOTE) isInString = !isInString;
    else if (isInString) index += code === BACKSLASH ? 1 : 0;
    else if (CLOSING.has(code)) depth--;
    else if (OPENING.has(code) && ++depth > MAX_DEPTH) throw new RangeError(`It is nested more than ${MAX_DEPTH} levels deep.`);
  }
  return json;
}

/** Whether no more than `MAX_DEPTH` of these characters are in a string. `indexOf` is many times faster than a loop over the characters. */
function hasFew(text: string, ...characters: readonly string[]): boolean {
  let count = 0;
  for (const character of characters) {
    for (let index = text.indexOf(character); index >= 0; index = text.indexOf(character, index + 1)) {
      if (++count > MAX_DEPTH) return false;
    }
  }
  return true;
}
