import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ALONE } from '../support/alone.js';
import { root } from './library.js';

const REPLACES =
  /\bvi\.(?:useFakeTimers|setSystemTime|mock|doMock|resetModules|stubGlobal|stubEnv)\b|\bspyOn\((?:process|console|globalThis|Date|performance)\b/;

/** The specs whose files share the modules of a worker: what one of them replaces, the next one has. */
const shared = ['db', 'race', 'e2e']
  .flatMap((folder) => readdirSync(join(root, 'test', folder)).map((file) => `test/${folder}/${file}`))
  .filter((file) => file.endsWith('.spec.ts') && !ALONE.includes(file));

it('no clock, module or global is replaced in specs that share their modules', () => {
  expect(shared.length).toBeGreaterThan(100);
  expect(shared.filter((file) => REPLACES.test(readFileSync(join(root, file), 'utf8')))).toEqual([]);
});

it('no data source loads the entities that other specs have registered', () => {
  expect(shared.filter((file) => /[{,]\s*autoLoadEntities: true\b/.test(readFileSync(join(root, file), 'utf8')))).toEqual([]);
});
