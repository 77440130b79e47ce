/**
 * What `nest add nestjs-typeorm-session` changes in an application: `SessionModule` among the imports of its root module, a file that
 * declares what a session holds, and a migration where the application has a data source.
 */

/** What is used of a `Tree` of `@angular-devkit/schematics`. */
interface Tree {
  exists(path: string): boolean;
  readText(path: string): string;
  create(path: string, text: string): void;
  overwrite(path: string, text: string): void;
}

interface Context {
  readonly logger: { info(message: string): void; warn(message: string): void };
}

const PACKAGE = 'nestjs-typeorm-session';
const IMPORTED = new RegExp(`['"]${PACKAGE}['"]`);

const SESSION_DATA = `// What a session holds: \`session.userId\` has this type wherever a session is used.
declare module '${PACKAGE}' {
  interface SessionData {
    userId: string;
  }
}

export {};
`;

/** The schematic \`nest-add\`, which the Nest CLI calls with the folder of the sources. @default { sourceRoot: 'src' } */
export function nestAdd({ sourceRoot = 'src' }: { sourceRoot?: string } = {}) {
  return (tree: Tree, { logger }: Context): Tree => {
    const path = `${sourceRoot}/app.module.ts`;
    const before = tree.exists(path) ? tree.readText(path) : '';
    if (IMPORTED.test(before)) {
      logger.info(`${path} imports ${PACKAGE} already. Nothing was changed.`);
      return tree;
    }
    const hasDataSource = codeOf(before).includes('TypeOrmModule.forRoot');
    const after = withModule(before, moduleCall(hasDataSource));
    if (after === undefined) {
      logger.warn(`No list of imports was found in ${path}. Add this to the imports of your root module: ${moduleCall(true)}`);
      return tree;
    }
    const imports = `import { SessionModule } from '${PACKAGE}';\nimport './session-data${extension(tree)}';\n`;
    const start = Math.max(0, codeOf(after).search(/^import /m));
    tree.overwrite(path, after.slice(0, start) + imports + after.slice(start));
    const data = `${sourceRoot}/session-data.ts`;
    if (!tree.exists(data)) tree.create(data, SESSION_DATA);
    logger.info('Set SESSION_SECRET to at least 32 random characters: openssl rand -base64 48');
    if (hasDataSource) addMigration(tree, sourceRoot, logger);
    else {
      logger.info(`The sessions are kept in the file sessions.sqlite. For that: npm install ${missingOf(tree)}better-sqlite3`);
      logger.info(`If another module than ${path} has your data source, remove \`connection\`: then the sessions are kept there.`);
    }
    return tree;
  };
}

function moduleCall(hasDataSource: boolean): string {
  const connection = hasDataSource ? '' : ", connection: { type: 'better-sqlite3', database: 'sessions.sqlite' }";
  return `SessionModule.forRoot({ secret: process.env.SESSION_SECRET${connection} })`;
}

/** The source with one more element in the imports of its module; `undefined` where these are no list. */
function withModule(source: string, call: string): string | undefined {
  const code = codeOf(source);
  const head = endOf(/@Module\(\s*\{/, code);
  if (head === undefined) return undefined;
  const module = code.slice(head);
  if (!/\bimports\b/.test(module)) return `${source.slice(0, head)}\n  imports: [${call}],${source.slice(head)}`;
  const place = endOf(/\bimports:\s*\[/, module);
  if (place === undefined) return undefined;
  const [before, after] = [source.slice(0, head + place), source.slice(head + place)];
  const elements = after.trimStart();
  const loaded = endOfConfig(module.slice(place));
  const space = after.slice(0, after.length - elements.length);
  if (loaded !== undefined) return `${before}${after.slice(0, loaded)},${space || ' '}${call}${after.slice(loaded)}`;
  if (elements.startsWith(']')) return before + call + elements;
  // What stands there is a comment.
  if (module.slice(place).trimStart().startsWith(']')) return before + call + after;
  return `${before}${space}${call},${space || ' '}${elements}`;
}

/** Where the call of `ConfigModule.forRoot` ends: it reads the file `.env`, so the secret is not there before it. */
function endOfConfig(code: string): number | undefined {
  const start = endOf(/\bConfigModule\.forRoot\(/, code);
  if (start === undefined) return undefined;
  let depth = 1;
  let end = start;
  while (depth > 0 && end < code.length) depth += { '(': 1, ')': -1 }[code[end++]!] ?? 0;
  return end;
}

const COMMENT_OR_STRING = /\/\/.*|\/\*[^]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[^]|[^`\\])*`/g;

/** A source with spaces in place of its comments and strings, so that what is found stands in its code. */
const codeOf = (source: string): string => source.replace(COMMENT_OR_STRING, (text) => text.replace(/[^\n]/g, ' '));

/** Where the first match of a pattern ends. */
function endOf(pattern: RegExp, text: string): number | undefined {
  const match = pattern.exec(text);
  return match ? match.index + match[0].length : undefined;
}

/** What `SessionModule` needs and the application lacks, for `npm install`: Nest 11 takes no newer @nestjs/typeorm than its own. */
function missingOf(tree: Tree): string {
  const { dependencies = {} } = manifestOf(tree);
  const nest = /\d+/.exec(dependencies['@nestjs/core'] ?? '')?.[0];
  const typeorm = nest === '11' ? '@nestjs/typeorm@11' : '@nestjs/typeorm';
  return [dependencies['@nestjs/typeorm'] ? [] : typeorm, dependencies['typeorm'] ? [] : 'typeorm']
    .flat()
    .map((name) => `${name} `)
    .join('');
}

/** What the path of an import ends in: ES modules name the file that is built. */
function extension(tree: Tree): string {
  return manifestOf(tree).type === 'module' ? '.js' : '';
}

function manifestOf(tree: Tree): { readonly type?: string; readonly dependencies?: Readonly<Record<string, string>> } {
  return tree.exists('package.json') ? (JSON.parse(tree.readText('package.json')) as object) : {};
}

function addMigration(tree: Tree, sourceRoot: string, logger: Context['logger']): void {
  const now = Date.now();
  const name = `CreateSessions${now}`;
  const path = `${sourceRoot}/migrations/${now}-create-sessions.ts`;
  const text = `import { createSessionMigration } from '${PACKAGE}';\n\nexport const ${name} = createSessionMigration({ name: '${name}' });\n`;
  tree.create(path, text);
  logger.info(
    `For production, add ${path} to the \`migrations\` of your data source. If it has no \`autoLoadEntities\`, add SessionEntity to its \`entities\`.`,
  );
}
