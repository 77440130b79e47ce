import { describe, expect, it } from 'vitest';
import { SessionConflictError } from '../../lib/session.errors.js';
import { loadTelemetryApi, Telemetry, type TelemetryApi } from '../../lib/store/runtime/telemetry.js';

const fail = (): never => {
  throw new Error('a mistake of an exporter');
};

/** A telemetry whose API is broken in one place. */
function broken({ tracer, meter }: { tracer?: object; meter?: object }) {
  const warnings: string[] = [];
  const noop = {};
  const api = {
    trace: { getTracerProvider: () => ({ getTracer: () => tracer }) },
    metrics: { getMeter: () => meter ?? noop },
    createNoopMeter: () => noop,
  } as unknown as TelemetryApi;
  return { warnings, telemetry: new Telemetry(api, { countLive: async () => 0, warn: (message) => void warnings.push(message) }) };
}

const span = { setAttribute: () => undefined, setStatus: () => undefined, end: () => undefined };
const instrument = { record: fail, add: fail, addCallback: () => undefined, removeCallback: fail };
const meter = { createHistogram: () => instrument, createCounter: () => instrument, createObservableGauge: () => instrument };

describe('what telemetry of the application throws', () => {
  it.each<[string, Parameters<typeof broken>[0]]>([
    ['where a span starts', { tracer: { startActiveSpan: fail } }],
    [
      'where a span ends',
      { tracer: { startActiveSpan: (_: string, __: object, work: (given: object) => unknown) => work({ ...span, end: fail }) } },
    ],
    ['where a value is recorded', { meter }],
    ['where instruments are made', { meter: { ...meter, createHistogram: fail } }],
  ])('is one warning and harms no operation: %s', async (_, api) => {
    const { telemetry, warnings } = broken(api);
    let calls = 0;
    const work = async () => ++calls;
    expect(await telemetry.measure('get', work)).toBe(1);
    expect(await telemetry.measure('get', work)).toBe(2);
    const conflict = new SessionConflictError('Another request was first.');
    await expect(telemetry.measure('set', () => Promise.reject(conflict))).rejects.toBe(conflict);
    telemetry.batch('find', 2, 1);
    telemetry.pruned(1);
    telemetry.close();
    expect(warnings).toEqual([expect.stringContaining('a mistake of an exporter')]);
  });
});

it('Telemetry without a provider runs the operation and nothing else', async () => {
  const { telemetry, warnings } = broken({});
  const work = Promise.resolve(1);
  expect(telemetry.measure('get', () => work)).toBe(work);
  telemetry.batch('find', 2, 1);
  telemetry.close();
  expect(warnings).toEqual([]);
});

it('The API is found where it is installed', async () => {
  expect(await loadTelemetryApi()).toHaveProperty('trace');
});
