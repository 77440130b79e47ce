/** Rows as text in columns; the first column to the left, the others to the right. The heading names the Node.js that measured. */
export function columns([[title, ...titles], ...lines]) {
  const rows = [[`${title} (Node ${process.versions.node})`, ...titles], ...lines];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  const pad = (cell, column) => (column === 0 ? String(cell).padEnd(widths[column]) : String(cell).padStart(widths[column]));
  return rows.map((row) => `  ${row.map(pad).join('  ')}`).join('\n');
}
