import { columns } from '../report/text-table.mjs';

/** Prints what was measured of one operation, with throughput in proportion to ours. */
export function printOperation(title, measured) {
  const ours = measured.find(({ store }) => store === 'ours');
  const rows = measured.map(({ store, perSecond, cpuMicros, p50Ms, p99Ms, statements }) => [
    store,
    Math.round(perSecond),
    ours ? (ours.perSecond / perSecond).toFixed(2) : '',
    cpuMicros.toFixed(0),
    p50Ms.toFixed(2),
    p99Ms.toFixed(2),
    statements === undefined ? '' : statements.toFixed(2),
  ]);
  console.log(`\n${title}`);
  console.log(columns([['store', 'per second', 'ours is ×', 'CPU µs', 'p50 ms', 'p99 ms', 'statements'], ...rows]));
}
