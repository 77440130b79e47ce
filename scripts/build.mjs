/**
 * Builds the package into a folder, `dist` unless another is named: what `npm publish dist` publishes.
 *
 * The implementation is CommonJS. Beside each entry stands a thin ES module that exports the same names from it, so that
 * an application that loads both kinds has one set of classes.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = resolve(process.argv[2] ?? join(root, 'dist'));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

rmSync(folder, { recursive: true, force: true });
compile();
markNestTypes();
for (const entry of entries()) writeModuleFace(entry);
writeFileSync(join(folder, 'package.json'), `${JSON.stringify(publishedManifest(), null, 2)}\n`);
writeFileSync(join(folder, 'schematics.json'), `${JSON.stringify(schematics(), null, 2)}\n`);
for (const name of ['README.md', 'CHANGELOG.md', 'ARCHITECTURE.md', 'SECURITY.md', 'LICENSE']) {
  copyFileSync(join(root, name), join(folder, name));
}

function compile() {
  const compiler = join(dirname(createRequire(import.meta.url).resolve('@typescript/native/package.json')), 'bin/tsc');
  const { status } = spawnSync(process.execPath, [compiler, '--project', 'tsconfig.build.json', '--outDir', folder], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('lib does not compile.');
}

/**
 * Nest 12 is ESM and Nest 11 is not. Declarations that say how to look Nest up hold for both under `module: node16`, where
 * those of a CommonJS package may not name an ES module otherwise.
 */
function markNestTypes() {
  const declarations = ['nest', 'testing'].flatMap((room) =>
    readdirSync(join(folder, room), { recursive: true })
      .filter((name) => name.endsWith('.d.ts'))
      .map((name) => join(folder, room, name)),
  );
  for (const path of declarations) {
    const text = readFileSync(path, 'utf8')
      .replace(/^import (?:type )?(\{.*\}) from '(@nestjs\/.+)';$/gm, "import type $1 from '$2' with { 'resolution-mode': 'import' };")
      .replace(/import\("(@nestjs\/[^"]+)"\)/g, `import("$1", { with: { "resolution-mode": "import" } })`);
    writeFileSync(path, text);
  }
}

/** The entries of `exports`, by the names of their files: `index`, `express`, `testing`. */
function entries() {
  return Object.values(manifest.exports)
    .filter((target) => typeof target === 'object')
    .map(({ require }) => /^\.\/dist\/(\w+)\.js$/.exec(require.default)[1]);
}

function writeModuleFace(entry) {
  const face = `export {\n${valueNames(entry)
    .map((name) => `  ${name},\n`)
    .join('')}} from './${entry}.js';\n`;
  writeFileSync(join(folder, `${entry}.mjs`), face);
  writeFileSync(join(folder, `${entry}.d.mts`), `export * from './${entry}.js';\n`);
}

/** What an entry exports at run time, as its source says it: name by name. */
function valueNames(entry) {
  const text = readFileSync(join(root, 'lib', `${entry}.ts`), 'utf8');
  return ts
    .createSourceFile(`${entry}.ts`, text, ts.ScriptTarget.Latest)
    .statements.filter((statement) => ts.isExportDeclaration(statement) && !statement.isTypeOnly)
    .flatMap(({ exportClause }) => exportClause.elements.filter(({ isTypeOnly }) => !isTypeOnly))
    .map(({ name }) => name.text);
}

/** What `nest add` looks for. */
function schematics() {
  const description = 'Adds SessionModule to the root module, the type of the session data, and a migration.';
  return { schematics: { 'nest-add': { description, factory: './nest-add#nestAdd' } } };
}

/** The manifest without what only the repository needs: its scripts, its tools, its being private. */
function publishedManifest() {
  const url = manifest.repository.url.replace(/^git\+|\.git$/g, '');
  return {
    ...pick('name', 'version', 'description', 'keywords', 'license', 'repository'),
    homepage: `${url}#readme`,
    bugs: `${url}/issues`,
    type: 'commonjs',
    sideEffects: false,
    main: './index.js',
    types: './index.d.ts',
    schematics: './schematics.json',
    exports: JSON.parse(JSON.stringify(manifest.exports).replaceAll('./dist/', './')),
    ...pick('engines', 'dependencies', 'peerDependencies', 'peerDependenciesMeta'),
  };
}

function pick(...keys) {
  return Object.fromEntries(keys.map((key) => [key, manifest[key]]));
}
