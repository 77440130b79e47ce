import { markdownTable } from './markdown-table.mjs';

const START = '<!-- Written by bench, from here -->';
const END = '<!-- to here. -->';

/** The README with the last results between its two marks. */
export function renewReadme(readme, results, lines) {
  const [before, , after] = readme.split(new RegExp(`(?<=${START})([^]*)(?=${END})`));
  if (after === undefined) throw new Error(`README.md has lost the marks "${START}" and "${END}".`);
  return `${before}\n\n${section(results, lines)}\n\n${after}`;
}

function section({ http, store }, lines) {
  const rows = lines
    .filter(({ isHeadline, value }) => isHeadline && value !== undefined)
    .map(({ measure, against, value, atMost }) => [
      atMost === undefined ? measure : `${measure} (less is better)`,
      against,
      `${value.toFixed(2)} ×`,
    ]);
  const { measuredAt, environment } = http ?? store;
  return [
    '![Requests per second with each store, and operations in proportion to connect-pg-simple](docs/performance.svg)',
    markdownTable(['This package', 'in proportion to', 'is'], ...rows),
    `${measuredAt.slice(0, 10)}, ${environment}. [All that was measured](docs/performance.md), and [how](bench/README.md).`,
  ].join('\n\n');
}
