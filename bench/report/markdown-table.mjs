/** A table in Markdown; the first column to the left, the others to the right. */
export function markdownTable(head, ...rows) {
  const rule = head.map((_, column) => (column === 0 ? '---' : '--:'));
  return [head, rule, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
