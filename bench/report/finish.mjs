import { readFile, writeFile } from 'node:fs/promises';
import prettier from 'prettier';
import { chart } from './chart.mjs';
import { judge } from './judge.mjs';
import { page, reachTable } from './markdown.mjs';
import { renewReadme } from './readme.mjs';
import { loadResults, saveResult } from './results.mjs';

const DOCS = new URL('../../docs/performance/', import.meta.url);
const README = new URL('../../README.md', import.meta.url);

/**
 * The end of a run: prints its part of the reach table. After a complete run, which is one without arguments, it writes the
 * page, the chart and their part of the README anew from the last results of all benches. The process ends with an error where a line is missed.
 */
export async function finish(name, result) {
  const lines = judge({ [name]: result }).filter(({ bench, value }) => bench === name && value !== undefined);
  if (lines.length > 0) console.log(`\n${await format(reachTable(lines))}`);
  if (process.argv.length === 2) {
    await saveResult(name, result);
    await writePage();
  }
  if (lines.some(({ verdict }) => verdict === 'missed')) process.exitCode = 1;
}

async function writePage() {
  const results = await loadResults();
  const lines = judge(results);
  await writeFile(new URL('index.md', DOCS), await format(page(results, lines)));
  await writeFile(new URL('chart.svg', DOCS), chart(results));
  if (results.http ?? results.store) {
    const readme = await readFile(README, 'utf8');
    await writeFile(README, await format(renewReadme(readme, results), README));
  }
}

async function format(markdown, file = new URL('index.md', DOCS)) {
  const config = await prettier.resolveConfig(file);
  return prettier.format(markdown, { ...config, parser: 'markdown' });
}
