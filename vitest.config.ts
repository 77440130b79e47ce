import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';
import { ALONE } from './test/support/alone.js';

const lib = (file: string) => fileURLToPath(new URL(`./lib/${file}`, import.meta.url));

/** A worker loads the modules once for all of these, without those in `alone.ts`. */
const TOGETHER = ['test/db/**/*.spec.ts', 'test/race/**/*.spec.ts', 'test/e2e/**/*.spec.ts'];

export default defineConfig({
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  resolve: {
    alias: [
      { find: /^nestjs-typeorm-session$/, replacement: lib('index.ts') },
      { find: /^nestjs-typeorm-session\/express$/, replacement: lib('express.ts') },
      { find: /^nestjs-typeorm-session\/testing$/, replacement: lib('testing.ts') },
    ],
  },
  test: {
    setupFiles: ['reflect-metadata'],
    // Only what hangs takes as long, however busy the machine is.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    // One less than there are cores is the default, and the tests wait for databases half of the time.
    maxWorkers: 2,
    coverage: { include: ['lib/**'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'alone',
          include: ['test/{docs,fuzz,package,property,unit}/**/*.spec.ts', ...ALONE],
          exclude: [...configDefaults.exclude, 'test/package/consumers/**'],
        },
      },
      {
        extends: true,
        test: { name: 'together', include: TOGETHER, exclude: [...configDefaults.exclude, ...ALONE], isolate: false },
      },
    ],
  },
});
