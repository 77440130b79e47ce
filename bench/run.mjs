// Runs all parts, also where one of them missed something; ends with an error then.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PARTS = ['store-level', 'http', 'scale', 'prune', 'memory'];

for (const part of PARTS) {
  const file = fileURLToPath(new URL(`${part}/run.mjs`, import.meta.url));
  const { status } = spawnSync(process.execPath, [file], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
