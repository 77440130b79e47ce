import { parse } from 'devalue';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SessionData } from '../../lib/store/express-session.js';
import { differenceOf, graphs, Money, money, moneySerializer } from '../support/graphs.js';

const serializer = moneySerializer();
const write = (value: unknown) => serializer.serialize({ value } as unknown as SessionData) as string;
const read = (text: string) => (serializer.deserialize(text) as unknown as { value: unknown }).value;

describe('a graph', () => {
  it('comes back equal: types, identity, cycles', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        expect(differenceOf(graph, read(write(graph)))).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });

  it('has one text, whoever has read it before', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const text = write(graph);
        expect(write(read(text))).toBe(text);
        expect(JSON.stringify(JSON.parse(text))).toBe(text);
      }),
    );
  });

  it('is read by devalue alike, apart from the key that it refuses', () => {
    const revivers = { Buffer: (base64: string) => Buffer.from(base64, 'base64') };
    const instance = /\["class","Money",2,(\d+)\]/g;
    const Money2 = (data: { cents: number; currency: unknown }) => money.fromData(data);
    fc.assert(
      fc.property(graphs, (graph) => {
        const text = write(graph);
        fc.pre(!text.includes('"__proto__"'));
        const nodes = text.slice('["graph1",'.length, -1).replaceAll(instance, '["Money2",$1]');
        const { value } = parse(nodes, { ...revivers, Money2 }) as { value: unknown };
        expect(differenceOf(graph, value)).toBeUndefined();
      }),
    );
  });

  it('tells two graphs apart by their text if they differ', () => {
    fc.assert(
      fc.property(graphs, graphs, (one, other) => {
        expect(write(one) === write(other)).toBe(differenceOf(one, other) === undefined);
      }),
    );
    expect(differenceOf([new Money(1)], [new Money(2)])).toBeDefined();
  });
});
