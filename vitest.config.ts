import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';

const lib = (file: string) => fileURLToPath(new URL(`./lib/${file}`, import.meta.url));

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
    include: ['test/**/*.spec.ts'],
    exclude: [...configDefaults.exclude, 'test/package/consumers/**'],
    setupFiles: ['reflect-metadata'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // A busy machine takes longer than the second that is the default.
    expect: { poll: { timeout: 20_000 } },
    // One less than there are cores is the default, and the tests wait for databases half of the time.
    maxWorkers: 2,
    coverage: { include: ['lib/**'] },
  },
});
