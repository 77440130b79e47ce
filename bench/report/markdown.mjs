import { OPERATIONS } from '../store-level/operations.mjs';
import { markdownTable } from './markdown-table.mjs';
import { NOISE } from './reach.mjs';

const REPOSITORY = 'https://github.com/nestjs-typeorm-session/nestjs-typeorm-session/blob/main';

const targetOf = ({ atLeast, atMost, exactly }) =>
  exactly === undefined ? (atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`) : String(exactly);

/** The reach table: measured, target, verdict. */
export function reachTable(lines) {
  const rows = lines.map((line) => [
    line.measure,
    line.against ?? '',
    line.value === undefined ? '–' : line.exactly === undefined ? line.value.toFixed(2) : String(line.value),
    targetOf(line),
    line.floor ?? '',
    line.bare?.toFixed(2) ?? '',
    line.verdict === 'missed' ? '**missed**' : line.verdict,
  ]);
  return markdownTable(
    ['Measure', 'in proportion to', 'measured', 'to reach', 'seen in a spike', 'the shortest code, here', 'verdict'],
    ...rows,
  );
}

/** The whole page. */
export function page(results, lines) {
  const parts = [
    '# Performance',
    `What \`bench\` measured; [its README](${REPOSITORY}/bench/README.md) says how. "In proportion to" another store, measured in the same run. A line is missed when it is more than ${NOISE * 100} % beyond its target; differences under that are noise. [Where it is not faster](limits.md).`,
    '![Requests per second with each store, and operations in proportion to connect-pg-simple](chart.svg)',
    reachTable(lines),
  ];
  if (results.http) parts.push('## Whole requests', stamp(results.http), httpTable(results.http));
  if (results.store) {
    parts.push('## Store operations', stamp(results.store));
    for (const database of new Set(results.store.measurements.map((one) => one.database)))
      parts.push(...storeTables(results.store, database));
  }
  for (const [name, title] of [
    ['scale', '## A million rows'],
    ['prune', '## Pruning under load'],
    ['memory', '## Memory'],
  ]) {
    if (results[name]) parts.push(title, stamp(results[name]), results[name].text);
  }
  return `${parts.join('\n\n')}\n`;
}

const stamp = ({ measuredAt, commit, environment, conditions }) =>
  `On ${measuredAt.slice(0, 10)} at commit ${commit}, ${environment}. ${conditions}`;

function httpTable({ measurements, stores }) {
  const rows = measurements
    .filter(({ store }) => store)
    .map(({ store, perSecond, p50Ms, p99Ms, cpuMicros }) => [
      stores[store],
      Math.round(perSecond),
      p50Ms.toFixed(1),
      p99Ms.toFixed(1),
      cpuMicros.toFixed(0),
    ]);
  return markdownTable(['Sessions in', 'requests/s', 'p50 ms', 'p99 ms', 'CPU µs per request'], ...rows);
}

function storeTables({ measurements, stores }, database) {
  const here = measurements.filter((one) => one.database === database);
  const names = [...new Set(here.map(({ store }) => store))];
  const concurrencies = [...new Set(here.map(({ concurrency }) => concurrency))];
  return concurrencies.flatMap((concurrency) => {
    const cell = (operation, store) =>
      here.find((one) => one.operation === operation && one.store === store && one.concurrency === concurrency);
    const operations = [...new Set(here.map(({ operation }) => operation))];
    const rows = names.map((store) => [stores[store], ...operations.map((operation) => figure(cell(operation, store)))]);
    return [
      `### ${here[0].version}, ${concurrency} at a time`,
      markdownTable(['Operations/s (CPU µs each)', ...operations.map((operation) => OPERATIONS[operation].title)], ...rows),
    ];
  });
}

const figure = (cell) => (cell ? `${Math.round(cell.perSecond)} (${cell.cpuMicros.toFixed(0)})` : '–');
