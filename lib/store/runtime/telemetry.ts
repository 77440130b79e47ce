import { textOf, SessionError } from '../../session.errors.js';

/** The package whose metrics and traces are used. As a variable, so that nobody needs it who does not have it. */
const API: string = '@opentelemetry/api';
const NAME = 'nestjs-typeorm-session';
/** The status of a span that failed, as OpenTelemetry numbers it. */
const ERROR = 2;
/** How long a count of live sessions is cached: counting takes longer, the more there are. */
const COUNT_MS = 60_000;

type Attributes = Readonly<Record<string, string>>;

interface Span {
  setAttribute(name: string, value: string): unknown;
  setStatus(status: { code: number }): unknown;
  end(): void;
}

interface Tracer {
  startActiveSpan<T>(name: string, options: { attributes: Attributes }, work: (span: Span) => T): T;
}

interface Histogram {
  record(value: number, attributes?: Attributes): void;
}

/** Asked when somebody collects the metrics. */
type Observe = (result: { observe(value: number): void }) => Promise<void>;

interface ObservableGauge {
  addCallback(callback: Observe): void;
  removeCallback(callback: Observe): void;
}

type Describe = { readonly description: string; readonly unit: string };

interface Meter {
  createHistogram(name: string, options: Describe): Histogram;
  createCounter(name: string, options: Describe): { add(value: number, attributes?: Attributes): void };
  createObservableGauge(name: string, options: Describe): ObservableGauge;
}

/** `@opentelemetry/api`, as far as it is used. */
export interface TelemetryApi {
  readonly trace: { getTracerProvider(): object };
  readonly metrics: { getMeter(name: string): Meter };
  createNoopMeter(): Meter;
}

/** What the store asks of its surroundings for it. */
interface TelemetrySource {
  countLive(): Promise<number>;
  readonly warn: (message: string) => void;
}

/** The API, if it is installed. */
export async function loadTelemetryApi(): Promise<TelemetryApi | undefined> {
  try {
    return (await import(API)) as TelemetryApi;
  } catch (error) {
    if (/MODULE_NOT_FOUND/.test(String((error as { code?: unknown } | undefined)?.code))) return undefined;
    throw error;
  }
}

/**
 * Metrics and traces of one store. Does nothing until the application has registered a provider. No attribute holds an id, a hash,
 * data or a user.
 */
export class Telemetry {
  private tracer: Tracer | undefined;
  private instruments: ReturnType<typeof createInstruments> | undefined;
  private counted: { readonly at: number; readonly live: Promise<number> } | undefined;
  private hasWarned = false;
  private isClosed = false;

  constructor(
    private readonly api: TelemetryApi,
    private readonly source: TelemetrySource,
  ) {
    this.isOn();
  }

  /** Runs an operation of the store in a span, and records how long it took and how it ended. */
  measure<T>(operation: string, work: () => Promise<T>): Promise<T> {
    if (!this.isOn()) return work();
    const { tracer } = this;
    const begun = performance.now();
    let running: Promise<T> | undefined;
    const run = (span?: Span): Promise<T> => {
      const end = (outcome: string): void => this.guard(() => this.end(span, operation, outcome, begun));
      running = work();
      running.then(
        () => end('ok'),
        (error: unknown) => end(error instanceof SessionError ? error.code : 'error'),
      );
      return running;
    };
    if (tracer)
      this.guard(() => void tracer.startActiveSpan(`session ${operation}`, { attributes: { [`${NAME}.operation`]: operation } }, run));
    return running ?? run();
  }

  /** A statement for `size` sessions is sent; the first of them has waited for `waitedMs`. */
  batch(operation: string, size: number, waitedMs: number): void {
    if (!this.isOn()) return;
    this.guard(() => {
      this.instruments?.batchSize.record(size, { operation });
      this.instruments?.batchWait.record(waitedMs / 1_000, { operation });
    });
  }

  /** A read that memory has answered (`cache`), or could not. */
  cacheRead(isHit: boolean): void {
    if (this.isOn()) this.guard(() => this.instruments?.cacheReads.add(1, { outcome: isHit ? 'hit' : 'miss' }));
  }

  pruned(count: number): void {
    if (this.isOn()) this.guard(() => this.instruments?.pruned.add(count));
  }

  close(): void {
    this.isClosed = true;
    this.guard(() => this.instruments?.live.removeCallback(this.observe));
  }

  private readonly observe: Observe = async (result) => {
    const now = performance.now();
    if (!this.counted || now - this.counted.at >= COUNT_MS) this.counted = { at: now, live: this.source.countLive() };
    try {
      result.observe(await this.counted.live);
    } catch {
      // Nothing is observed while the database does not answer, which the operations and the event `unavailable` report.
      this.counted = undefined;
    }
  };

  private end(span: Span | undefined, operation: string, outcome: string, begun: number): void {
    this.instruments?.duration.record((performance.now() - begun) / 1_000, { operation, outcome });
    span?.setAttribute(`${NAME}.outcome`, outcome);
    if (outcome !== 'ok') span?.setStatus({ code: ERROR });
    span?.end();
  }

  /** Whether there is a provider: applications may register one later than the store is made. */
  private isOn(): boolean {
    this.guard(() => {
      this.tracer ??= findTracer(this.api);
      if (this.instruments || this.isClosed) return;
      const meter = this.api.metrics.getMeter(NAME);
      if (meter === this.api.createNoopMeter()) return;
      this.instruments = createInstruments(meter);
      this.instruments.live.addCallback(this.observe);
    });
    return this.tracer !== undefined || this.instruments !== undefined;
  }

  /** What exporters and processors of the application throw is one warning, and harms no operation. */
  private guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (this.hasWarned) return;
      this.hasWarned = true;
      this.source.warn(`Telemetry of the session store fails: ${textOf(error)}`);
    }
  }
}

/** A tracer that records. Until there is a provider the API hands out one that does not, and only its provider knows. */
function findTracer({ trace }: TelemetryApi): Tracer | undefined {
  const provider = trace.getTracerProvider() as Partial<Record<'getDelegateTracer' | 'getTracer', (name: string) => Tracer | undefined>>;
  return provider.getDelegateTracer ? provider.getDelegateTracer(NAME) : provider.getTracer?.(NAME);
}

function createInstruments(meter: Meter) {
  const name = (suffix: string): string => `nestjs_typeorm_session.${suffix}`;
  return {
    duration: meter.createHistogram(name('operation.duration'), { description: 'Duration of store operations', unit: 's' }),
    batchSize: meter.createHistogram(name('batch.size'), { description: 'Sessions in one statement', unit: '{session}' }),
    batchWait: meter.createHistogram(name('batch.wait'), { description: 'Longest wait for a statement', unit: 's' }),
    cacheReads: meter.createCounter(name('cache.reads'), { description: 'Reads with the option `cache`', unit: '{read}' }),
    pruned: meter.createCounter(name('pruned'), { description: 'Expired sessions that were removed', unit: '{session}' }),
    live: meter.createObservableGauge(name('live'), { description: 'Live sessions', unit: '{session}' }),
  };
}
