import { OPERATIONS } from '../store-level/operations.mjs';
import { FLOORS } from './reach.mjs';

const WIDTH = 860;
const LABEL = 270;
const VALUE = 90;
const LINE = 30;
const BAR = 20;
const HEAD = 44;
const GAP = 24;
const BASELINE = 'connect-pg-simple';
/** Ours with other options, and what nobody could use. */
const NOT_SHOWN = ['ours-touching', 'ours-cached', FLOORS.http];

const STYLE = `
    text { font: 14px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; fill: #24292f; }
    .title { font-weight: 600; font-size: 16px; }
    .quiet { fill: #57606a; }
    .bar { fill: #b8c0c8; }
    .ours { fill: #0c6b5d; }
    .mark { stroke: #57606a; stroke-dasharray: 4 4; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .quiet { fill: #9198a1; }
      .bar { fill: #535c66; }
      .ours { fill: #63cdb8; }
      .mark { stroke: #9198a1; }
    }`;

/** One drawing of the last results: whole requests with each store, and our operations in proportion to connect-pg-simple's. */
export function chart(results) {
  const panels = [requestsPanel(results.http), operationsPanel(results.store)].filter((panel) => panel && panel.bars.length > 0);
  let y = 0;
  const drawn = panels.map((panel) => {
    const svg = draw(panel, y);
    y += HEAD + panel.bars.length * LINE + GAP;
    return svg;
  });
  const text = panels.map(({ title, bars }) => `${title}: ${bars.map(({ label, value }) => `${label} ${value}`).join(', ')}.`).join(' ');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${Math.max(y - GAP, 1)}" role="img" aria-labelledby="text">
  <title id="text">${escape(text)}</title>
  <style>${STYLE}
  </style>
${drawn.join('\n')}
</svg>
`;
}

function requestsPanel(http) {
  if (!http) return undefined;
  const shown = http.measurements.filter(({ store }) => store && !NOT_SHOWN.includes(store));
  const bars = shown.map(({ store, perSecond }) => ({
    label: nameOf(http.stores[store]),
    size: perSecond,
    value: Math.round(perSecond).toLocaleString('en'),
    isOurs: store === 'ours',
  }));
  return { title: 'Requests per second', note: 'Nest 12 on Express, 64 connections, 10 % writes', bars };
}

function operationsPanel(store) {
  if (!store) return undefined;
  const at = (name, operation) =>
    store.measurements.find(
      (one) => one.database === 'postgres' && one.store === name && one.operation === operation && one.concurrency === 64,
    );
  const bars = Object.entries(OPERATIONS).flatMap(([operation, { title }]) => {
    const [ours, other] = [at('ours', operation), at(BASELINE, operation)];
    if (!ours || !other) return [];
    const size = ours.perSecond / other.perSecond;
    return [{ label: title, size, value: `${size.toFixed(1)} ×`, isOurs: true }];
  });
  return {
    title: `Operations in proportion to ${BASELINE}`,
    note: 'PostgreSQL, 64 at a time; the line is connect-pg-simple',
    bars,
    mark: 1,
  };
}

function draw({ title, note, bars, mark }, top) {
  const scale = (WIDTH - LABEL - VALUE) / Math.max(...bars.map(({ size }) => size), mark ?? 0);
  const lines = [
    `  <text class="title" x="0" y="${top + 20}">${escape(title)} <tspan class="quiet" font-weight="400" font-size="14">${escape(note)}</tspan></text>`,
  ];
  bars.forEach(({ label, size, value, isOurs }, index) => {
    const y = top + HEAD + index * LINE;
    const width = Math.max(1, Math.round(size * scale));
    lines.push(
      `  <text x="${LABEL - 12}" y="${y + 15}" text-anchor="end">${escape(label)}</text>`,
      `  <rect class="${isOurs ? 'ours' : 'bar'}" x="${LABEL}" y="${y}" width="${width}" height="${BAR}" rx="3"/>`,
      `  <text class="quiet" x="${LABEL + width + 8}" y="${y + 15}">${escape(value)}</text>`,
    );
  });
  if (mark !== undefined) {
    const x = LABEL + Math.round(mark * scale);
    lines.push(`  <line class="mark" x1="${x}" x2="${x}" y1="${top + HEAD - 6}" y2="${top + HEAD + bars.length * LINE - 4}"/>`);
  }
  return lines.join('\n');
}

/** Without what it stands on. */
const nameOf = (title) => title.replace(/ (of|on) .*/, '');

const escape = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
