import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const manifestIn = (folder) => JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'));

/** The repository: our own package, with the modules that it finds. */
const ROOT = new URL('../../', import.meta.url);

export const versionOf = (name) => manifestIn(new URL(`../node_modules/${name}/`, import.meta.url)).version;

export const versionOfOurs = manifestIn(ROOT).version;

/** Versions of what our package stands on, which is not always what the others stand on. */
export const versionUnderOurs = (name) => manifestIn(new URL(`node_modules/${name}/`, ROOT)).version;

/** `require` as our package sees it. */
export const requireAsOurs = createRequire(new URL('dist/index.js', ROOT));
