import { format } from 'node:util';

/**
 * The functions of a test runner that the conformance of a table is described with: those of Jest, Vitest, Mocha or `node:test`.
 *
 * @publicApi
 */
export interface TestRunner {
  readonly describe: (title: string, body: () => void) => unknown;
  readonly it: (title: string, body: () => Promise<void>) => unknown;
  readonly beforeEach: (hook: () => Promise<void>) => unknown;
}

type Body<Case> = (...args: Case extends readonly unknown[] ? [...Case] : [Case]) => Promise<void> | void;
type Each = <const Case>(cases: readonly Case[]) => (title: string, body: Body<Case>) => void;

/** A runner whose `describe` and `it` take a list of cases, too. */
export interface Suite {
  describe: ((title: string, body: () => void) => void) & { readonly each: Each };
  it: ((title: string, body: () => Promise<void> | void) => void) & { readonly each: Each };
  beforeEach: (hook: () => Promise<void>) => void;
}

export function suiteOf({ describe, it, beforeEach }: TestRunner): Suite {
  const group = (title: string, body: () => void): void => void describe(title, () => body());
  const test = (title: string, body: () => Promise<void> | void): void => void it(title, () => keepAlive(body));
  return {
    describe: Object.assign(group, { each: eachOf((title, body) => group(title, () => void body())) }),
    it: Object.assign(test, { each: eachOf(test) }),
    beforeEach: (hook) => void beforeEach(() => keepAlive(hook)),
  };
}

/**
 * Runs something, and keeps the process meanwhile: the timers of a table keep none, and `node:test` cancels a test when nothing else does.
 */
async function keepAlive(body: () => Promise<void> | void): Promise<void> {
  const alive = setInterval(() => undefined, 60_000);
  try {
    await body();
  } finally {
    clearInterval(alive);
  }
}

function eachOf(declare: (title: string, body: () => Promise<void> | void) => void): Each {
  return (cases) => (title, body) => {
    const places = title.match(/%[sdj]/g)?.length ?? 0;
    for (const one of cases) {
      const args = (Array.isArray(one) ? one : [one]) as Parameters<typeof body>;
      declare(format(title, ...args.slice(0, places)), () => body(...args));
    }
  };
}
