import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './library.js';

/** Builds the package into a folder, as it is published. */
export function buildPackage(folder: string): void {
  execFileSync(process.execPath, [join(root, 'scripts/build.mjs'), folder], { encoding: 'utf8' });
}

/** Makes a folder that is like the repository after `npm run build`: an application in it finds the package by its name. */
export function buildRepository(folder: string): void {
  buildPackage(join(folder, 'dist'));
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
}

/**
 * Type-checks modules that exist only in memory, each on its own and with the settings of an ordinary strict
 * application, as if they lay in the root of the repository, where `nestjs-typeorm-session` is `lib`.
 * Returns the problems found, by the module's name. With `together`, they are one application: that is quicker, and what
 * one declares for all is known to the others.
 */
export function checkModules(modules: ReadonlyMap<string, string>, { together = false } = {}): Record<string, string[]> {
  const { options } = readConfig('tsconfig.json');
  const settings = { ...options, ...ordinary };
  const disk = ts.createCompilerHost(settings);
  const parsed = new Map<string, ts.SourceFile | undefined>();
  const textOf = (path: string) => modules.get(path.slice(root.length));
  const parse = (path: string, target: ts.ScriptTarget | ts.CreateSourceFileOptions) => {
    const text = textOf(path);
    return text === undefined ? disk.getSourceFile(path, target) : ts.createSourceFile(path, text, target);
  };
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (path) => textOf(path) !== undefined || disk.fileExists(path),
    getSourceFile: (path, target) => {
      if (!parsed.has(path)) parsed.set(path, parse(path, target));
      return parsed.get(path);
    },
  };

  let previous: ts.Program | undefined;
  const programOf = (paths: string[]) => (previous = ts.createProgram(paths, settings, host, previous));
  const names = [...modules.keys()];
  const all = together ? programOf(names.map((name) => join(root, name))) : undefined;
  const problems = names.map((name): [string, string[]] => {
    const path = join(root, name);
    const program = all ?? programOf([path]);
    const file = program.getSourceFile(path);
    return [name, messages([...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)])];
  });
  return Object.fromEntries(problems);
}

const ordinary: ts.CompilerOptions = {
  exactOptionalPropertyTypes: false,
  noUncheckedIndexedAccess: false,
  noUnusedLocals: false,
  noUnusedParameters: false,
};

/**
 * Type-checks these files of the repository as they would be with some text replaced: `[file, text, replacement]`. Returns the problems
 * found, by file.
 */
export function checkAfter(
  [path, text, replacement]: readonly [path: string, text: string, replacement: string],
  checked: readonly string[],
): Record<string, string[]> {
  const { options } = readConfig('tsconfig.json');
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    getSourceFile: (file, target) => {
      if (file !== join(root, path)) return disk.getSourceFile(file, target);
      const before = disk.readFile(file)!;
      if (!before.includes(text)) throw new Error(`${path} does not contain ${JSON.stringify(text)}.`);
      return ts.createSourceFile(file, before.replace(text, replacement), target);
    },
  };
  const files = checked.map((file) => join(root, file));
  const program = ts.createProgram(files, options, host);
  const problems = checked.map(
    (file, index) => [file, messages(program.getSemanticDiagnostics(program.getSourceFile(files[index]!)))] as const,
  );
  return Object.fromEntries(problems.filter(([, found]) => found.length > 0));
}

export interface ExportedName {
  /** Such as `class`, or `const, type` for a name that is both. */
  kind: string;
  /** The doc comment; undefined for what another package declares. */
  comment: string | undefined;
}

/** What an entry of the library exports. */
export function exportedNames(entry: 'index' | 'express' | 'testing'): Record<string, ExportedName> {
  const path = join(root, 'lib', `${entry}.ts`);
  const program = ts.createProgram([path], readConfig('tsconfig.json').options);
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(path)!)!;
  const names = checker.getExportsOfModule(module).map((alias) => {
    const symbol = alias.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(alias) : alias;
    const ours = symbol.declarations?.every((declaration) => declaration.getSourceFile().fileName.startsWith(join(root, 'lib')));
    const comment = ours ? ts.displayPartsToString(symbol.getDocumentationComment(checker)) : undefined;
    return [alias.name, { kind: kindOf(symbol), comment }] as const;
  });
  return Object.fromEntries(names.toSorted(([left], [right]) => left.localeCompare(right, 'en')));
}

const kinds: ReadonlyArray<readonly [ts.SymbolFlags, string]> = [
  [ts.SymbolFlags.Class, 'class'],
  [ts.SymbolFlags.Function, 'function'],
  [ts.SymbolFlags.Variable, 'const'],
  [ts.SymbolFlags.Interface, 'interface'],
  [ts.SymbolFlags.TypeAlias, 'type'],
];

function kindOf(symbol: ts.Symbol): string {
  return kinds
    .filter(([flag]) => symbol.flags & flag)
    .map(([, kind]) => kind)
    .join(', ');
}

function readConfig(name: string): ts.ParsedCommandLine {
  const fail = (diagnostic: ts.Diagnostic) => {
    throw new Error(messages([diagnostic]).join('\n'));
  };
  return ts.getParsedCommandLineOfConfigFile(join(root, name), {}, { ...ts.sys, onUnRecoverableConfigFileDiagnostic: fail })!;
}

function messages(diagnostics: readonly ts.Diagnostic[]): string[] {
  return diagnostics.map(({ file, start, messageText }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, '\n');
    if (!file || start === undefined) return text;
    const { line } = file.getLineAndCharacterOfPosition(start);
    return `${file.fileName.slice(root.length)}:${line + 1} ${text}`;
  });
}
