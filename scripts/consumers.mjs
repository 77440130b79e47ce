/**
 * Installs the packed package into applications outside the repository, as users would, and uses them: each row of the table
 * that this prints is one way to build, load or test an application. CONTRIBUTING.md says what the rows prove.
 */
import { rmSync } from 'node:fs';
import { mixedVersions } from './consumers/mixed.mjs';
import { nest11 } from './consumers/nest-11.mjs';
import { nest12 } from './consumers/nest-12.mjs';
import { strictManagers } from './consumers/strict.mjs';
import { installTools, pack, workshop } from './consumers/workshop.mjs';
import { results, row } from './consumers/row.mjs';

const started = performance.now();
try {
  await Promise.all([row('the package', 'is built and packed', pack), row('tools', 'Node.js, package managers', installTools)]);
  // Two at a time: each is a chain of commands that mostly use one core.
  const waiting = [nest11, nest12, ...strictManagers, ...mixedVersions];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await next();
  };
  await Promise.all([work(), work()]);
} finally {
  rmSync(workshop, { recursive: true, force: true });
}

const failed = results.filter(({ error }) => error);
for (const { consumer, proves, error } of failed) console.error(`\nFAILED: ${consumer}, ${proves}\n${error.message}`);
const seconds = Math.round((performance.now() - started) / 1000);
console.log(`\n${results.length - failed.length} of ${results.length} consumer rows passed in ${seconds} s.`);
if (failed.length > 0) process.exitCode = 1;
