// Runs the scripts beside it one after the other: all, or those that are named; `--times 10` runs each so often.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const SCRIPTS = ['replica', 'failover', 'galera', 'outage', 'crash'];

const { values, positionals } = parseArgs({ allowPositionals: true, options: { times: { type: 'string', default: '1' } } });
const unknown = positionals.filter((name) => !SCRIPTS.includes(name));
if (unknown.length > 0) throw new Error(`There is no script ${unknown.join(', ')}. There are ${SCRIPTS.join(', ')}.`);

let failed = 0;
for (const name of positionals.length > 0 ? positionals : SCRIPTS) {
  const file = fileURLToPath(new URL(`./${name}.mjs`, import.meta.url));
  for (let round = 0; round < Number(values.times); round++) {
    const { status } = spawnSync(process.execPath, [file], { stdio: 'inherit' });
    if (status !== 0) failed++;
  }
}
process.exitCode = failed > 0 ? 1 : 0;
