import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { row } from './row.mjs';
import { run } from './run.mjs';
import { visit } from './visit.mjs';
import { installConsumer, workshop } from './workshop.mjs';

/** The other pairs of Nest and TypeORM, with what the usual pairs have built. */
export const mixedVersions = [
  () => runBuilt('nest-11-typeorm-1', 'Nest 11, TypeORM 1', 'built-commonjs'),
  () => runBuilt('nest-12-typeorm-0.3', 'Nest 12, TypeORM 0.3', 'built-esm'),
];

async function runBuilt(consumer, name, built) {
  await row(name, 'a session and one class', async () => {
    const folder = await installConsumer(consumer);
    cpSync(join(workshop, built), join(folder, 'dist'), { recursive: true });
    await run(folder, process.execPath, ['one-class.mjs']);
    await visit(folder, 'dist/main.js');
  });
}
