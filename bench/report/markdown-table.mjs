/** A table in Markdown; the first column to the left, the others to the right. The heading names the Node.js that measured. */
export function markdownTable([title, ...titles], ...rows) {
  const head = [`${title} (Node ${process.versions.node})`, ...titles];
  const rule = head.map((_, column) => (column === 0 ? '---' : '--:'));
  return [head, rule, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
