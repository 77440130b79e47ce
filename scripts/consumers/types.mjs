import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { run } from './run.mjs';
import { firstExample, write } from './workshop.mjs';

const require = createRequire(import.meta.url);
/** TypeScript 7, which takes a second where 5 and 6 take ten. */
const native = join(dirname(require.resolve('@typescript/native/package.json')), 'bin/tsc');

/** Session data that is declared in express-session's own module, which has to be within reach. */
const elsewhere = `
declare module 'express-session' {
  interface SessionData {
    cart: string[];
  }
}

export const cartOf = (session: Session): string[] => session.cart ?? [];
`;

/**
 * Checks the example, which declares its data in our module, under these settings with `skipLibCheck: false`. Mistakes in
 * the declarations of other packages are theirs.
 */
export async function checkTypes(folder, module, moduleResolution, { compiler = native, more = elsewhere } = {}) {
  const { example } = firstExample();
  const place = `types/${module}-${moduleResolution}`;
  write(join(folder, place, 'app.module.ts'), example + more);
  const config = join(folder, place, 'tsconfig.json');
  const options = { module, moduleResolution, target: 'ES2023', strict: true, skipLibCheck: false, noEmit: true, types: ['node'] };
  const decorators = { experimentalDecorators: true, emitDecoratorMetadata: true, esModuleInterop: true };
  write(config, JSON.stringify({ compilerOptions: { ...options, ...decorators }, files: ['app.module.ts'] }));
  const mistakes = await run(folder, process.execPath, [compiler, '--project', config, '--pretty', 'false']).then(
    () => '',
    ({ message }) => message,
  );
  const ours = mistakes.split('\n').filter((line) => /^(?:error|types\/|node_modules\/nestjs-typeorm-session\/)/.test(line));
  if (ours.length > 0) throw new Error(ours.join('\n'));
}
