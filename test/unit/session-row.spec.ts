import { getMetadataArgsStorage } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { defineSessionEntity, SessionEntity } from '../../lib/table/entity/session.entity.js';
import { FIELD_FACTS, SESSION_FIELDS } from '../../lib/table/session-row.js';

describe('the list of fields', () => {
  const usual = SESSION_FIELDS.filter((field) => FIELD_FACTS[field].feature !== 'renewal');

  it('has a column in the entity class for each field but those of the renewal, the same as in the schema', () => {
    const { columns } = defineSessionEntity().options;
    expect(Object.keys(columns)).toEqual(usual);
    const decorated = getMetadataArgsStorage().filterColumns(SessionEntity);
    expect(decorated.map(({ propertyName }) => propertyName)).toEqual(usual);
    for (const { propertyName, options } of decorated) expect(options).toMatchObject(columns[propertyName as keyof SessionEntity]!);
  });

  it('has an index on the same columns in the class and in the schema', () => {
    const indexed = usual.filter((field) => FIELD_FACTS[field].isIndexed);
    const ofClass = getMetadataArgsStorage().filterIndices(SessionEntity);
    const names = ofClass.map(({ columns }) => String(columns)).toSorted();
    expect(names).toEqual(indexed.toSorted());
    expect(defineSessionEntity().options.indices).toEqual(indexed.map((field) => ({ columns: [field] })));
  });

  it('has a column in the schema for every field, with the renewal', () => {
    expect(Object.keys(defineSessionEntity({ renewal: true }).options.columns)).toEqual(SESSION_FIELDS);
  });
});
