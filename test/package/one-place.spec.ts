import { describe, expect, it } from 'vitest';
import { checkAfter } from './compiler.js';
import { sources } from './sources.js';

const lib = sources.map(({ path }) => path);

// Checked while the tests are collected, where no time limit counts.
const ofOption = checkAfter(
  [
    'lib/store/options/session-options.ts',
    'export interface SessionModuleOptions {',
    'export interface SessionModuleOptions {\n  extra?: boolean;',
  ],
  lib,
);
const ofEvent = checkAfter(
  ['lib/store/runtime/events.ts', 'const EVENTS = {', "const EVENTS = {\n  extra: ['handle'],"],
  [...lib, 'test/db/store-events.spec.ts'],
);
const ofField = checkAfter(
  [
    'lib/table/session-row.ts',
    'const FIELDS = {',
    "const FIELDS = {\n  extra: { kind: 'name', isNullable: true, isIndexed: true, isSaved: true, isListed: true },",
  ],
  lib,
);
const ofKind = checkAfter(
  ['lib/store/serializers/graph-format.ts', "export type GraphKind = 'plain'", "export type GraphKind = 'extra' | 'plain'"],
  lib.filter((path) => path.startsWith('lib/store/serializers/')),
);

/** ARCHITECTURE.md names these files in its recipes. */
describe('what is added in one place only does not compile', () => {
  it('an option: its rule and its default', () => {
    expect(Object.keys(ofOption)).toEqual(['lib/store/options/resolve-options.ts']);
    const [rule, resolved, ...others] = Object.values(ofOption).flat();
    expect(rule).toMatch(/'extra' is missing in type .* but required in type 'Readonly<Record</s);
    expect(resolved).toMatch(/'extra'/);
    expect(others).toEqual([]);
  });

  it('an event: what has to happen for it', () => {
    expect(Object.keys(ofEvent)).toEqual(['test/db/store-events.spec.ts']);
  });

  it('a field of the row: its column, reading, saving and listing', () => {
    expect(Object.keys(ofField)).toEqual([
      'lib/store/compose.ts',
      'lib/store/session/codec.ts',
      'lib/store/users/lister.ts',
      'lib/store/users/sign-in.ts',
      'lib/store/work/rows.ts',
      'lib/store/work/upsert.ts',
      'lib/store/work/writer.ts',
      'lib/table/entity/session.entity.ts',
      'lib/table/sql/row-reader.ts',
      'lib/testing/rows.ts',
    ]);
  });

  it('a field with an index: whether a save leaves it as it is', () => {
    expect(ofField['lib/store/work/writer.ts']!.join()).toMatch(/'extra' is missing in type .* but required in type 'Readonly<Record</s);
  });

  it('a kind of value in graphs: its classes, reading and writing', () => {
    expect(Object.keys(ofKind)).toEqual([
      'lib/store/serializers/graph-classes.ts',
      'lib/store/serializers/graph-reader.ts',
      'lib/store/serializers/graph-writer.ts',
    ]);
  });
});
