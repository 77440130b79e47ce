const START = '<!-- Written by bench, from here -->';
const END = '<!-- to here. -->';

/** The README with the last results between its two marks. */
export function renewReadme(readme, results) {
  const [before, , after] = readme.split(new RegExp(`(?<=${START})([^]*)(?=${END})`));
  if (after === undefined) throw new Error(`README.md has lost the marks "${START}" and "${END}".`);
  return `${before}\n\n${section(results)}\n\n${after}`;
}

function section({ http, store }) {
  const { measuredAt, environment } = http ?? store;
  return [
    '![Requests per second with each store][chart]',
    `${measuredAt.slice(0, 10)}, ${environment}.\n[All that was measured, losses included][performance].`,
  ].join('\n\n');
}
