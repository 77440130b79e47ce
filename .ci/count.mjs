// Prints how many tests of a vitest report passed and how many did not. A skipped test did not pass, and neither did
// a file that failed outside its tests or a run without any test.
import { readFileSync } from 'node:fs';

const { testResults: files } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const tests = files.flatMap((file) => file.assertionResults.map((test) => ({ ...test, file: file.name })));
const undone = tests.filter((test) => test.status !== 'passed');
const broken = files.filter((file) => file.status === 'failed' && !undone.some((test) => test.file === file.name));

for (const { status, file, fullName, failureMessages = [] } of undone) {
  console.error([`${status}: ${file}: ${fullName}`, ...failureMessages].join('\n'));
}
for (const { name, message } of broken) console.error(`failed: ${name}: ${message}`);
console.log(tests.length - undone.length, undone.length + broken.length + (tests.length === 0 ? 1 : 0));
