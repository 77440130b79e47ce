import type { DataSource, EntityMetadata } from 'typeorm';

/** Cuts strings that people read to what their column holds: losing the end of one must not cost the session its row. */
export function cutToColumn(
  driver: DataSource['driver'],
  metadata: EntityMetadata['columns'][number],
  bytes: number | undefined,
): (value: unknown) => unknown {
  const characters = Number(driver.getColumnLength(metadata)) || Infinity;
  return (value) => {
    if (typeof value !== 'string') return value;
    const cut = withoutHalf(value.slice(0, characters));
    if (bytes === undefined || Buffer.byteLength(cut) <= bytes) return cut.trimEnd();
    // A character that was cut in two decodes to the replacement character.
    return Buffer.from(cut)
      .subarray(0, bytes)
      .toString()
      .replace(/\ufffd$/, '')
      .trimEnd();
  };
}

const withoutHalf = (text: string): string => text.replace(/[\ud800-\udbff]$/, '');
