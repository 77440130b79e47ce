import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import type { Answer, Call } from './race-call.js';
import type { InstanceConfig } from './race-instance.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const worker = fileURLToPath(new URL('./race-worker.ts', import.meta.url));

/** The program of the processes, made where the first test needs it, and removed with this process. */
let programFolder: string | undefined;

/** The worker and whatever of ours it imports as JavaScript, because Node.js 20 runs no TypeScript. */
function emitProgram(): string {
  const folder = mkdtempSync(join(tmpdir(), 'race-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile) as { config: { compilerOptions: object } };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const compilerOptions = { ...options, noEmit: false, declaration: false, module: ts.ModuleKind.ESNext };
  const emitted = new Set<string>();
  const emit = (path: string): void => {
    if (emitted.has(path)) return;
    emitted.add(path);
    const text = readFileSync(path, 'utf8');
    const file = javaScriptOf(path, folder);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, ts.transpileModule(text, { compilerOptions, fileName: path }).outputText);
    const imports = ts.preProcessFile(text).importedFiles.filter(({ fileName }) => fileName.startsWith('.'));
    for (const { fileName } of imports) emit(join(dirname(path), fileName.replace(/\.js$/, '.ts')));
  };
  emit(worker);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  return folder;
}

const javaScriptOf = (path: string, folder: string): string => join(folder, relative(root, path).replace(/\.ts$/, '.js'));

/** An instance of the application in a process of its own. */
export class RaceProcess {
  private readonly child: ChildProcess;
  private readonly calls = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
  private callCount = 0;

  constructor(config: InstanceConfig) {
    programFolder ??= emitProgram();
    this.child = fork(javaScriptOf(worker, programFolder), { execArgv: [], serialization: 'advanced' });
    this.child.send(config);
    this.child.on('message', ({ id, value, error }: Answer) => {
      const call = this.calls.get(id);
      this.calls.delete(id);
      if (error === undefined) call?.resolve(value);
      else call?.reject(error);
    });
    // Also where an exception or a rejection that nobody caught ended it.
    this.child.once('exit', (code) => {
      for (const { reject } of this.calls.values()) reject(new Error(`The process of the instance ended with ${code}.`));
    });
  }

  call(call: Omit<Call, 'id'>): Promise<unknown> {
    const id = ++this.callCount;
    return new Promise((resolve, reject) => {
      this.calls.set(id, { resolve, reject });
      this.child.send({ ...call, id }, (error) => error && reject(error));
    });
  }

  /** Rejects where the process did not end well. */
  async end(): Promise<void> {
    const ended = once(this.child, 'exit') as Promise<[number | null]>;
    await this.call({ now: 0, method: 'close', args: [] });
    const [code] = await ended;
    if (code !== 0) throw new Error(`The process of the instance ended with ${code}.`);
  }
}
