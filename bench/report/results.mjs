import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';

/** What the last complete run of each bench found; kept beside the code, not in it. */
const FOLDER = new URL('../results/', import.meta.url);

/** Stores what a complete run found, with when, where and of what. */
export async function saveResult(name, result) {
  const now = { measuredAt: new Date().toISOString(), commit: commit(), environment: environmentOf(result.versions) };
  await mkdir(FOLDER, { recursive: true });
  await writeFile(new URL(`${name}.json`, FOLDER), `${JSON.stringify({ ...now, ...result }, null, 2)}\n`);
}

/** What is there, by bench. */
export async function loadResults() {
  const files = (await readdir(FOLDER).catch(() => [])).filter((file) => file.endsWith('.json'));
  const load = async (file) => [file.slice(0, -5), JSON.parse(await readFile(new URL(file, FOLDER), 'utf8'))];
  return Object.fromEntries(await Promise.all(files.map(load)));
}

function commit() {
  const git = (...args) => execFileSync('git', args, { cwd: new URL('.', import.meta.url), encoding: 'utf8' }).trim();
  try {
    const isChanged = git('status', '--porcelain', '--', '../../lib', '..') !== '';
    return git('rev-parse', '--short', 'HEAD') + (isChanged ? ' with changes' : '');
  } catch {
    return 'unknown';
  }
}

const environmentOf = (versions = []) =>
  [`Node.js ${process.versions.node}`, ...versions, `${availableParallelism()} cores for clients, server and database`].join(', ');
