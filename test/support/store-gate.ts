import type { DataSource } from 'typeorm';
import { onTestFinished } from 'vitest';
import { interceptStatements } from './intercept-statements.js';

/** Holds statements back until the test lets them go. */
export interface Gate {
  /** Resolves when the first statement stands before the gate. */
  readonly reached: Promise<void>;
  open(): void;
}

/** Something to wait for until the test opens it. */
export function barrier(): { readonly passed: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open: () => open() };
}

/** So many turns of the event loop. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** From now on the statements of a data source that match wait before they are sent. */
export function gateStatements(dataSource: DataSource, pattern: RegExp): Gate {
  const reached = barrier();
  const opened = barrier();
  onTestFinished(
    interceptStatements(dataSource, async (sql, send) => {
      if (pattern.test(sql)) {
        reached.open();
        await opened.passed;
      }
      return send();
    }),
  );
  return { reached: reached.passed, open: opened.open };
}

/** From now on the statements of a data source that match fail as a lost connection does; returns what ends that. */
export function failStatements(dataSource: DataSource, pattern: RegExp): () => void {
  const restore = interceptStatements(dataSource, async (sql, send) => {
    if (pattern.test(sql)) throw Object.assign(new Error('connection lost'), { code: 'ECONNRESET' });
    return send();
  });
  onTestFinished(restore);
  return restore;
}
