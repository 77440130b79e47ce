import { cpSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { nestAdd } from './nest-add.mjs';
import { onPostgres } from './postgres.mjs';
import { row } from './row.mjs';
import { run } from './run.mjs';
import { checkTypes } from './types.mjs';
import { visit } from './visit.mjs';
import { betterSqlite, bun, deno, installConsumer, newestNode, nodes, root, workshop, writeExample, writeSpecs } from './workshop.mjs';

const name = 'Nest 12, TypeORM 1';

/** An ES module application as `nest new` of Nest 12 makes it. */
export async function nest12() {
  let folder;
  if (!(await row(name, 'npm install', async () => (folder = await installConsumer('nest-12'))))) return;
  const nest = (...args) => run(folder, process.execPath, ['node_modules/@nestjs/cli/bin/nest.js', ...args]);
  const vitest = (...args) => run(folder, process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...args]);
  writeExample(folder, '.js');
  writeSpecs(folder, '.js');

  await row(name, 'Vitest as set up by `nest new`', async () => {
    await vitest();
    await vitest('--config', 'vitest.config.e2e.ts');
  });
  await row(name, '`nest build` with SWC', async () => {
    await nest('build', '--builder', 'swc');
    await visit(folder, 'dist/main.js');
  });
  const isBuilt = await row(name, '`nest build` with tsc, skipLibCheck true', async () => {
    await nest('build');
    // Kept for the mixed versions of Nest and TypeORM.
    cpSync(join(folder, 'dist'), join(workshop, 'built-esm'), { recursive: true });
  });
  if (!isBuilt) return;
  await row(name, '`nest add` in a new application with a data source', () => nestAdd(folder, 'sqljs'));
  for (const node of nodes) await onNode(folder, node);
  await row(name, 'PostgreSQL', () => onPostgres((url) => visit(folder, 'dist/main.js', { env: dataSource({ type: 'postgres', url }) })));
  await row(name, 'Bun', () => visit(folder, 'dist/main.js', { command: bun }));
  await row(name, 'Deno', () => visit(folder, 'dist/main.js', { command: deno, args: ['run', '--allow-all'] }));

  await row(name, 'CommonJS, Jest as set up by `nest new`', () => jest(folder));

  await row(name, 'types: node16', () => checkTypes(folder, 'node16', 'node16'));
  await row(name, 'types: nodenext', () => checkTypes(folder, 'nodenext', 'nodenext'));
  await row(name, 'types: bundler', () => checkTypes(folder, 'esnext', 'bundler'));
}

const dataSource = (options) => ({ DATA_SOURCE: JSON.stringify(options) });

async function onNode(folder, node) {
  const version = (await run(folder, node, ['--version'])).trim();
  await row(name, `a session and one class on Node.js ${version}`, async () => {
    await run(folder, node, ['one-class.mjs']);
    await visit(folder, 'dist/main.js', { command: node });
  });
  await row(name, `better-sqlite3 on Node.js ${version}`, () => withBetterSqlite(folder, node));
}

async function withBetterSqlite(folder, node) {
  const link = join(folder, 'node_modules/better-sqlite3');
  rmSync(link, { force: true });
  symlinkSync(betterSqlite(node), link, 'junction');
  const database = join(folder, `${basename(dirname(dirname(node)))}.sqlite`);
  await visit(folder, 'dist/main.js', { command: node, env: dataSource({ type: 'better-sqlite3', database }) });
}

/** The other kind of application that `nest new` of Nest 12 makes; its Jest needs a newer Node.js than 20. */
async function jest(folder) {
  const place = join(folder, 'commonjs');
  cpSync(join(root, 'test/package/consumers/nest-12-commonjs'), place, { recursive: true });
  writeExample(place);
  writeSpecs(place);
  await run(place, newestNode, ['--experimental-vm-modules', '../node_modules/jest/bin/jest.js']);
}
