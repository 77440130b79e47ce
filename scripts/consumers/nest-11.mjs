import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { nestAdd } from './nest-add.mjs';
import { row } from './row.mjs';
import { run } from './run.mjs';
import { checkTypes } from './types.mjs';
import { visit } from './visit.mjs';
import { firstExample, installConsumer, nodes, root, workshop, write, writeExample, writeSpecs } from './workshop.mjs';

const name = 'Nest 11, TypeORM 0.3';

/** A CommonJS application as `nest new` of Nest 11 makes it. */
export async function nest11() {
  let folder;
  if (!(await row(name, 'npm install', async () => (folder = await installConsumer('nest-11'))))) return;
  const nest = (cwd, ...args) => run(cwd, process.execPath, [join(folder, 'node_modules/@nestjs/cli/bin/nest.js'), ...args]);
  const jest = (...args) => run(folder, process.execPath, ['node_modules/jest/bin/jest.js', ...args]);
  writeExample(folder);
  writeSpecs(folder);

  await row(name, 'Jest and ts-jest as set up by `nest new`', async () => {
    await jest();
    await jest('--config', 'test/jest-e2e.json');
  });
  await row(name, 'Jest and @swc/jest', () => jest('--config', 'test/jest-swc.json'));
  await row(name, '`nest build` with tsc, skipLibCheck true', async () => {
    await nest(folder, 'build');
    // Kept for the mixed versions of Nest and TypeORM.
    cpSync(join(folder, 'dist'), join(workshop, 'built-commonjs'), { recursive: true });
  });
  for (const node of nodes) await onNode(folder, node);
  await row(name, 'a session on Fastify', () => run(folder, process.execPath, ['fastify.cjs']));
  await row(name, 'sessions on Socket.IO and ws', () => run(folder, process.execPath, ['sockets.cjs']));
  await row(name, '`nest build` with SWC', async () => {
    await nest(folder, 'build', '--builder', 'swc');
    await visit(folder, 'dist/main.js');
  });
  await row(name, '`nest build` with webpack', async () => {
    await nest(folder, 'build', '--webpack');
    await visit(folder, 'dist/main.js');
  });
  await row(name, '`nest add` in a new application', () => nestAdd(folder));
  await row(name, 'a monorepo of the Nest CLI', () => monorepo(folder, nest));

  const typescript5 = join(folder, 'node_modules/typescript/lib/tsc.js');
  await row(name, 'types: commonjs', () => checkTypes(folder, 'commonjs', 'node10', { compiler: typescript5 }));
  await row(name, 'types: node16', () => checkTypes(folder, 'node16', 'node16'));
  await row(name, 'types: nodenext', () => checkTypes(folder, 'nodenext', 'nodenext'));
  await row(name, 'types: bundler', () => checkTypes(folder, 'esnext', 'bundler'));
}

async function onNode(folder, node) {
  const version = (await run(folder, node, ['--version'])).trim();
  await row(name, `a session and one class on Node.js ${version}`, async () => {
    await run(folder, node, ['one-class.mjs']);
    await visit(folder, 'dist/main.js', { command: node });
  });
}

/** An application that takes its sessions from a library beside it. */
async function monorepo(folder, nest) {
  const place = join(folder, 'monorepo');
  cpSync(join(root, 'test/package/consumers/monorepo'), place, { recursive: true });
  // The CLI looks for its packages in the root of the monorepo.
  symlinkSync(join(folder, 'node_modules'), join(place, 'node_modules'), 'junction');
  const { example, start } = firstExample();
  write(join(place, 'libs/sessions/src/index.ts'), example);
  write(join(place, 'apps/shop/src/main.ts'), start('@app/sessions'));
  await nest(place, 'build', 'shop');
  await visit(place, 'dist/apps/shop/main.js');
}
