import { randomInt } from 'node:crypto';
import { Seeded } from './seeded.js';

/** `npm run test:fuzz` runs in this mode; the usual suite takes some thousand inputs of a fixed seed. */
const isLong = process.env.MODE === 'fuzz';
const INPUTS = isLong ? Number(process.env.FUZZ_INPUTS ?? 360_000) : 6_000;
const SEED = Number(process.env.FUZZ_SEED ?? (isLong ? randomInt(2 ** 31) : 20_300_101));

/** Long enough for all inputs on an idle machine; a busy one gets through fewer of them and says so. */
const LONGEST_MS = 180_000;

/** The time that one target may take before vitest gives it up. */
export const FUZZ_TIMEOUT_MS = LONGEST_MS * 3;

const PROTOTYPES = [
  Object.prototype,
  Array.prototype,
  Function.prototype,
  String.prototype,
  Number.prototype,
  Date.prototype,
  Map.prototype,
];
const shapeOfPrototypes = (): string => PROTOTYPES.map((prototype) => Reflect.ownKeys(prototype).map(String).join()).join('\n');
const untouched = shapeOfPrototypes();

/**
 * Gives inputs to `round`, a batch at a time, until this share of all inputs is through. After each batch no prototype may
 * have changed. What fails names the seed that makes the same inputs again.
 */
export async function fuzz(name: string, share: number, batch: number, round: (random: Seeded, count: number) => unknown): Promise<void> {
  const wanted = Math.ceil((INPUTS * share) / batch) * batch;
  const random = new Seeded(SEED ^ hashOf(name));
  const started = performance.now();
  let done = 0;
  for (; done < wanted && performance.now() - started < LONGEST_MS; done += batch) {
    try {
      await round(random, batch);
      if (shapeOfPrototypes() !== untouched) throw new Error('A prototype has changed.');
    } catch (cause) {
      throw new Error(`Fuzz of ${name}: inputs ${done} to ${done + batch} of seed ${SEED}: ${String(cause)}`, { cause });
    }
  }
  if (isLong) console.log(`${name}: ${done} of ${wanted} inputs, seed ${SEED}, ${Math.round((performance.now() - started) / 1_000)} s`);
}

/** Each target has choices of its own, whatever order they run in. */
function hashOf(name: string): number {
  let hash = 0;
  for (const letter of name) hash = (Math.imul(hash, 31) + letter.codePointAt(0)!) | 0;
  return hash;
}

/** An input, short enough to read and with every character visible. */
export function shown(input: unknown): string {
  const text = typeof input === 'string' ? JSON.stringify(input) : String(input);
  return text.length > 600 ? `${text.slice(0, 600)}… (${text.length} characters)` : text;
}
