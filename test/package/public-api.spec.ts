import { describe, expect, it } from 'vitest';
import { exportedNames } from './compiler.js';

describe.each(['index', 'express', 'testing'] as const)('the public names of lib/%s.ts', (entry) => {
  const names = exportedNames(entry);

  it('are these', () => {
    const kinds = Object.entries(names).map(([name, { kind }]) => [name, kind]);
    expect(Object.fromEntries(kinds)).toMatchSnapshot();
  });

  it('have a doc comment each', () => {
    const undocumented = Object.keys(names).filter((name) => names[name]?.comment === '');
    expect(undocumented).toEqual([]);
  });
});
