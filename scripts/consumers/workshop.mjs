import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.mjs';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const consumers = join(root, 'test/package/consumers');

/** A folder outside the repository, so that nothing of its node_modules is within reach. */
export const workshop = mkdtempSync(join(tmpdir(), 'consumers-'));

export const tarball = join(workshop, 'nestjs-typeorm-session.tgz');

export async function pack() {
  const folder = join(workshop, 'package');
  await run(root, process.execPath, ['scripts/build.mjs', folder]);
  const output = await run(workshop, 'npm', ['pack', folder, '--json']);
  const [{ filename }] = JSON.parse(output.slice(output.indexOf('[\n')));
  cpSync(join(workshop, filename), tarball);
}

const tool = (path) => join(workshop, 'tools/node_modules', path);

/** better-sqlite3 13 is among them, for which TypeORM has no peer range yet. */
export async function installTools() {
  copyConsumer('tools');
  await npmInstall(join(workshop, 'tools'));
}

/** Every Node.js that the package supports, the one that runs this first. */
export const nodes = [process.execPath, ...[22, 24, 26].map((major) => tool(`node-${major}/bin/node`))];
export const newestNode = nodes.at(-1);
export const bun = tool('@oven/bun-linux-x64/bin/bun');
export const deno = tool('@deno/linux-x64-glibc/deno');
export const pnpm = tool('pnpm/bin/pnpm.mjs');
export const yarn = tool('@yarnpkg/cli-dist/bin/yarn.js');

/** The driver that serves a Node.js best: version 13 crashes Node.js 20, where the repository has version 12. */
export const betterSqlite = (node) => (node === process.execPath ? join(root, 'node_modules/better-sqlite3') : tool('better-sqlite3'));

export function copyConsumer(name) {
  const folder = join(workshop, name);
  cpSync(join(consumers, name), folder, { recursive: true });
  for (const script of ['one-class.mjs', 'fastify.cjs', 'sockets.cjs']) cpSync(join(consumers, 'specs', script), join(folder, script));
  return folder;
}

const npmInstall = (folder, ...packages) =>
  run(folder, 'npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', ...packages]);

/** An application with the package installed by npm. */
export async function installConsumer(name) {
  const folder = copyConsumer(name);
  await npmInstall(folder, tarball);
  return folder;
}

/**
 * Writes the README's first example as `nest new` would lay it out, on the data source that the environment names; the
 * imports end in `.js` where the application is ESM.
 */
export function writeExample(folder, extension = '') {
  const { example, start } = firstExample();
  write(join(folder, 'src/app.module.ts'), example);
  write(join(folder, 'src/main.ts'), start(`./app.module${extension}`));
}

/** Tests of an application: one by the class of the store, one over HTTP, and those of docs/testing/index.md. */
export function writeSpecs(folder, extension = '') {
  const [controller, signedIn] = Array.from(
    readFileSync(join(root, 'docs/testing/index.md'), 'utf8').matchAll(/^```ts\n(.*?)^```$/gms),
    ([, code]) =>
      // These runners have their functions by themselves.
      code.replace(/^import .* from 'vitest';.*\n/m, ''),
  );
  write(join(folder, 'src/cart.spec.ts'), controller);
  write(join(folder, 'test/signed-in.e2e-spec.ts'), signedIn);
  const spec = (name) =>
    readFileSync(join(consumers, 'specs', name), 'utf8').replace("'../src/app.module'", `'../src/app.module${extension}'`);
  write(join(folder, 'src/devices.spec.ts'), spec('devices.spec.ts'));
  write(join(folder, 'test/app.e2e-spec.ts'), spec('app.e2e-spec.ts'));
}

/** The module of the README's first example, and a main file that starts it. */
export function firstExample() {
  const [, code] = /^```ts\n(.*?)^```$/ms.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? [];
  const dataSource = /type: 'postgres',\s+url: process\.env\.DATABASE_URL/;
  const bootstrap = /^async function bootstrap\(\) \{.*^void bootstrap\(\);$/ms;
  if (!code || !dataSource.test(code) || !bootstrap.test(code)) throw new Error("README.md's first example is not as it was.");
  return {
    example: code
      .replace(dataSource, `...JSON.parse(process.env.DATA_SOURCE ?? '{"type":"sqljs"}')`)
      .replace(
        'secret: process.env.SESSION_SECRET',
        "secret: process.env.SESSION_SECRET ?? 'the secret of a consumer, which is nobody else’s'",
      )
      .replace(/^import \{ NestFactory \}.*\n/m, '')
      .replace(bootstrap, '')
      .trimEnd()
      .concat('\n'),
    start: (module) =>
      `import { NestFactory } from '@nestjs/core';\nimport { AppModule } from '${module}';\n\n${bootstrap.exec(code)[0]}\n`,
  };
}

export function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
