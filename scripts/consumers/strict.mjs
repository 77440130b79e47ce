import { join } from 'node:path';
import { row } from './row.mjs';
import { run } from './run.mjs';
import { checkTypes } from './types.mjs';
import { visit } from './visit.mjs';
import { copyConsumer, newestNode, pnpm, tarball, write, writeExample, yarn } from './workshop.mjs';

/** Package managers that let a package see only what it names. */
export const strictManagers = [strictPnpm, yarnPlugAndPlay];

const tsconfig = JSON.stringify({
  compilerOptions: {
    module: 'nodenext',
    target: 'ES2023',
    strict: true,
    skipLibCheck: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    types: ['node'],
    rootDir: 'src',
    outDir: 'dist',
  },
  include: ['src'],
});

async function strictPnpm() {
  await row('pnpm', 'strict node_modules: types, a session and one class', async () => {
    const folder = copyConsumer('pnpm');
    writeExample(folder);
    write(join(folder, 'tsconfig.json'), tsconfig);
    await run(folder, newestNode, [pnpm, 'add', '--ignore-scripts', tarball]);
    await run(folder, process.execPath, ['node_modules/typescript/lib/tsc.js']);
    await run(folder, process.execPath, ['one-class.mjs']);
    await visit(folder, 'dist/main.js');
    await checkTypes(folder, 'nodenext', 'nodenext', { more: '' });
  });
}

async function yarnPlugAndPlay() {
  await row('Yarn', 'Plug’n’Play: types, a session and one class', async () => {
    const folder = copyConsumer('yarn');
    writeExample(folder);
    write(join(folder, 'tsconfig.json'), tsconfig);
    write(join(folder, '.yarnrc.yml'), 'nodeLinker: pnp\nenableScripts: false\nenableTelemetry: false\nenableGlobalCache: true\n');
    write(join(folder, 'yarn.lock'), '');
    await run(folder, process.execPath, [yarn, 'add', `nestjs-typeorm-session@file:${tarball}`], { CI: '' });
    await run(folder, process.execPath, [yarn, 'tsc']);
    await run(folder, process.execPath, [yarn, 'node', 'one-class.mjs']);
    await visit(folder, 'dist/main.js', { args: ['--require', './.pnp.cjs', '--loader', './.pnp.loader.mjs'] });
  });
}
