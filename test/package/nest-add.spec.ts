import { describe, expect, it } from 'vitest';
import { nestAdd } from '../../lib/nest-add.js';

const STARTER = `import { Module } from '@nestjs/common';
import { AppController } from './app.controller';

@Module({
  imports: [],
  controllers: [AppController],
})
export class AppModule {}
`;
const WITH_DATA_SOURCE = STARTER.replace(
  'imports: [],',
  `imports: [
    TypeOrmModule.forRoot({ type: 'postgres', autoLoadEntities: true }),
  ],`,
);
const SQLITE =
  "SessionModule.forRoot({ secret: process.env.SESSION_SECRET, connection: { type: 'better-sqlite3', database: 'sessions.sqlite' } })";
const CALL = 'SessionModule.forRoot({ secret: process.env.SESSION_SECRET })';

/** Runs the schematic on these files; `lines` is what it says. */
function add(files: Record<string, string>, options?: { sourceRoot: string }) {
  const lines: string[] = [];
  const tree = {
    exists: (path: string) => path in files,
    readText: (path: string) => files[path]!,
    create(path: string, text: string) {
      if (path in files) throw new Error(`${path} is there already.`);
      files[path] = text;
    },
    overwrite(path: string, text: string) {
      files[path] = text;
    },
  };
  const say = (line: string) => void lines.push(line);
  nestAdd(options)(tree, { logger: { info: say, warn: say } });
  return { files, lines };
}

describe('nest add', () => {
  it('gives an application without a data source sessions in a file', () => {
    const { files, lines } = add({ 'src/app.module.ts': STARTER });
    expect(files['src/app.module.ts']).toBe(
      `import { SessionModule } from 'nestjs-typeorm-session';\nimport './session-data';\n${STARTER.replace('[]', `[${SQLITE}]`)}`,
    );
    expect(files['src/session-data.ts']).toContain("declare module 'nestjs-typeorm-session'");
    expect(Object.keys(files)).toHaveLength(2);
    expect(lines.join()).toMatch(/SESSION_SECRET.*npm install @nestjs\/typeorm typeorm better-sqlite3.*remove `connection`/);
  });

  it('uses the data source of the application, and adds a migration', () => {
    const { files, lines } = add({ 'src/app.module.ts': WITH_DATA_SOURCE });
    expect(files['src/app.module.ts']).toContain(`  imports: [\n    ${CALL},\n    TypeOrmModule.forRoot(`);
    const [path, migration] = Object.entries(files).find(([name]) => name.startsWith('src/migrations/'))!;
    const [, time] = /^src\/migrations\/(\d{13})-create-sessions\.ts$/.exec(path)!;
    expect(migration).toContain(`export const CreateSessions${time} = createSessionMigration({ name: 'CreateSessions${time}' });`);
    expect(lines.join()).toContain(path);
  });

  it('imports as an ES module does where the application is one', () => {
    const { files } = add({ 'src/app.module.ts': STARTER, 'package.json': '{ "type": "module" }' });
    expect(files['src/app.module.ts']).toContain("import './session-data.js';");
  });

  it.each([
    ['no list of imports', STARTER.replace('  imports: [],\n', ''), `@Module({\n  imports: [${SQLITE}],\n  controllers`],
    ['a list in one line', STARTER.replace('[]', '[UsersModule, CartModule]'), `imports: [${SQLITE}, UsersModule, CartModule],`],
    [
      'its imports in a comment',
      STARTER.replace('imports: [],', '// imports: [OldModule],'),
      `@Module({\n  imports: [${SQLITE}],\n  // imports: [OldModule],\n  controllers`,
    ],
    [
      'a comment before its imports',
      STARTER.replace('imports:', '/* imports: [OldModule], */ imports:'),
      `  /* imports: [OldModule], */ imports: [${SQLITE}],`,
    ],
    [
      'a string before its imports',
      STARTER.replace('imports:', "providers: [{ provide: 'imports: [', useValue: 1 }],\n  imports:"),
      `useValue: 1 }],\n  imports: [${SQLITE}],`,
    ],
    [
      'a configuration, which reads the secret from .env',
      STARTER.replace('[]', '[\n    UsersModule,\n    ConfigModule.forRoot({ load: [() => ({})] }),\n    CartModule,\n  ]'),
      `    UsersModule,\n    ConfigModule.forRoot({ load: [() => ({})] }),\n    ${SQLITE},\n    CartModule,`,
    ],
    [
      'a configuration at the end of a line',
      STARTER.replace('[]', '[UsersModule, ConfigModule.forRoot()]'),
      `[UsersModule, ConfigModule.forRoot(), ${SQLITE}],`,
    ],
    ['a comment in its list', STARTER.replace('[]', '[ // OldModule\n  ]'), `imports: [${SQLITE} // OldModule\n  ],`],
    [
      'a comment before the first element',
      STARTER.replace('[]', '[\n    // OldModule,\n    UsersModule,\n  ]'),
      `imports: [\n    ${SQLITE},\n    // OldModule,\n    UsersModule,\n  ],`,
    ],
    [
      'a module in a comment',
      STARTER.replace('@Module', '// @Module({ imports: [] })\n@Module'),
      `// @Module({ imports: [] })\n@Module({\n  imports: [${SQLITE}],`,
    ],
    ['a data source in a comment', STARTER.replace('[]', '[/* TypeOrmModule.forRoot() */]'), `imports: [${SQLITE}/* TypeOrm`],
    [
      'a comment before its first import',
      `/*\nimport nothing\n*/\n${STARTER}`,
      `/*\nimport nothing\n*/\nimport { SessionModule } from 'nestjs-typeorm-session';\n`,
    ],
  ])('serves a module with %s', (_, source, expected) => {
    expect(add({ 'src/app.module.ts': source }).files['src/app.module.ts']).toContain(expected);
  });

  it.each([
    ['Nest 11', { '@nestjs/core': '^11.0.1' }, '@nestjs/typeorm@11 typeorm better-sqlite3'],
    ['Nest 12', { '@nestjs/core': '^12.0.0' }, '@nestjs/typeorm typeorm better-sqlite3'],
    ['both of them', { '@nestjs/core': '^11.0.1', '@nestjs/typeorm': '^11.0.0', typeorm: '^1.0.0' }, 'better-sqlite3'],
  ])('says what to install in an application with %s', (_, dependencies, packages) => {
    const { lines } = add({ 'src/app.module.ts': STARTER, 'package.json': JSON.stringify({ dependencies }) });
    expect(lines).toContain(`The sessions are kept in the file sessions.sqlite. For that: npm install ${packages}`);
  });

  it('looks in the folder that the Nest CLI names', () => {
    const { files } = add({ 'apps/shop/src/app.module.ts': STARTER }, { sourceRoot: 'apps/shop/src' });
    expect(Object.keys(files)).toEqual(['apps/shop/src/app.module.ts', 'apps/shop/src/session-data.ts']);
    expect(files['apps/shop/src/app.module.ts']).toContain(SQLITE);
  });

  it.each([
    ['no root module', {}],
    ['imports that are no list', { 'src/app.module.ts': STARTER.replace('imports: []', 'imports: everything') }],
    ['no module in its file', { 'src/app.module.ts': 'export const nothing = 1;\n' }],
  ] as const)('changes nothing where there is %s, and says what to write', (_, source) => {
    const { files, lines } = add({ ...source });
    expect(files).toEqual(source);
    expect(lines).toEqual([expect.stringContaining(CALL)]);
  });

  it.each([
    ["'", (text: string) => text],
    ['"', (text: string) => text.replaceAll("'", '"')],
  ])('changes nothing the second time, with %s around names', (_, quoted) => {
    const once = add({ 'src/app.module.ts': WITH_DATA_SOURCE }).files;
    once['src/app.module.ts'] = quoted(once['src/app.module.ts']!);
    const { files, lines } = add({ ...once });
    expect(files).toEqual(once);
    expect(lines).toEqual([expect.stringContaining('already')]);
  });
});
