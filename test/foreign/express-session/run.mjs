// Runs express-session's own tests over this package: `node run.mjs <checkout of express-session> --store` or `--middleware`.
// Fails on each failure that expected-differences.mjs does not name, and on each difference that no longer occurs.
import { createRequire, register } from 'node:module';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { expectedDifferences } from './expected-differences.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { store: { type: 'boolean' }, middleware: { type: 'boolean' } },
});
const [folder] = positionals;
if (folder === undefined || values.store === values.middleware) {
  console.error('Usage: node run.mjs <checkout of express-session, with its dependencies installed> --store|--middleware');
  process.exit(2);
}
const mode = values.middleware ? 'middleware' : 'store';
const checkout = resolve(folder);
const requireTheirs = createRequire(join(checkout, 'index.js'));

// Their tests run on an express-session of the checkout; this package must use the same one, not its own copy.
register('./resolve-express-session.mjs', import.meta.url, { data: { entry: join(checkout, 'index.js') } });
process.env.NO_DEPRECATION = 'express-session';
// The fixtures of their tests lie beside the folder that they are run in.
process.chdir(checkout);

const { install } = await import(`./in-place-of-${mode === 'store' ? 'memory-store' : 'middleware'}.mjs`);
const closeAll = await install(requireTheirs);

const Mocha = requireTheirs('mocha');
const mocha = new Mocha({ reporter: 'dot', checkLeaks: true });
for (const name of ['cookie', 'session']) mocha.addFile(join(checkout, 'test', `${name}.js`));

const failures = new Map();
let passed = 0;
await new Promise((done) => {
  mocha
    .run(done)
    .on('pass', () => passed++)
    .on('fail', (test, error) => failures.set(nameOf(test), error));
});
await closeAll();

const expected = expectedDifferences[mode];
const unexpected = [...failures.keys()].filter((name) => !Object.hasOwn(expected, name));
const gone = Object.keys(expected).filter((name) => !failures.has(name));

console.log(`\n${mode}: ${passed} passed, ${failures.size} failed, of which ${failures.size - unexpected.length} are expected differences`);
for (const name of failures.keys()) console.log(`  ${unexpected.includes(name) ? 'UNEXPECTED' : 'expected'}: ${name}`);
for (const name of gone) console.log(`  NO LONGER FAILS, so remove it from the list: ${name}`);
process.exit(unexpected.length + gone.length > 0 || passed === 0 ? 1 : 0);

/** The titles of a test and of what it stands in, without the name that all share. */
function nameOf(test) {
  return test.titlePath().slice(1).join(' › ');
}
