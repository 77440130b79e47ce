import { metrics, trace } from '@opentelemetry/api';
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { onTestFinished } from 'vitest';

/** Registers providers for a test, as an application does before it starts, and returns what they are told. */
export function useTelemetry() {
  const spans = new InMemorySpanExporter();
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meters = new MeterProvider({ readers: [reader] });
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }));
  metrics.setGlobalMeterProvider(meters);
  onTestFinished(async () => {
    trace.disable();
    metrics.disable();
    await meters.shutdown();
  });

  /** The points of an instrument: attributes and value. */
  const points = async (name: string): Promise<[Record<string, unknown>, unknown][]> => {
    exporter.reset();
    await reader.forceFlush();
    const found = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    return found
      .filter(({ descriptor }) => descriptor.name === `nestjs_typeorm_session.${name}`)
      .flatMap(({ dataPoints }) => dataPoints.map(({ attributes, value }): [Record<string, unknown>, unknown] => [attributes, value]));
  };
  return {
    points,
    spans: () => spans.getFinishedSpans().map(({ name, attributes, status }) => ({ name, attributes, status: status.code })),
    /** All that was told, as an exporter would keep it. */
    everything: async () => {
      exporter.reset();
      await reader.forceFlush();
      const all = spans.getFinishedSpans().map(({ name, attributes, status, events }) => ({ name, attributes, status, events }));
      return JSON.stringify([all, exporter.getMetrics().map(({ scopeMetrics }) => scopeMetrics)]);
    },
  };
}
