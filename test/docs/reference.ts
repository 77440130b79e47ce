import ts from 'typescript';
import { NOT_FOR_STORES, OF_SESSION } from '../../lib/store/options/store-options.js';
import { pageFor } from './error-pages.js';
import { errorTexts } from './error-texts.js';
import { commentOf, declarationOf, membersOf, parse, tagOf, type Member } from './members.js';

const NOTE = '<!-- Written from the doc comments of lib by test/docs/reference.spec.ts: change those, and run that test with -u. -->';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('{{', '{ {');
const code = (text: string): string => `\`${cell(text)}\``;
const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** A default is code, or words. */
const shownDefault = (text: string): string => {
  return /^(?:['{]|\d+$|true$|false$)/.test(text) ? code(text) : cell(text);
};

const page = (title: string, ...parts: string[]): string => `${[`# ${title}`, NOTE, ...parts].join('\n\n')}\n`;

/** One section: what a declaration says of itself, an example, and its members. */
function section(path: string, name: string, { title = code(name), withMembers = true } = {}): string {
  const declaration = declarationOf(path, name);
  const example = tagOf(declaration, 'example');
  return [
    `## ${title}`,
    commentOf(declaration),
    example && `\`\`\`text\n${example}\n\`\`\``,
    withMembers && memberTable(membersOf(path, name)),
  ]
    .filter(Boolean)
    .join('\n\n');
}

function memberTable(members: readonly Member[]): string {
  if (members.length === 0) return '';
  const meaningOf = ({ comment, defaultValue }: Member): string =>
    defaultValue === '' ? cell(comment) : `${cell(comment)}<br>Default: ${shownDefault(defaultValue)}`;
  return table(
    ['Name', 'Meaning'],
    members.map((member) => [code(member.name), meaningOf(member)]),
  );
}

/** The options in groups, each under the title that stands before its first option. */
export function optionGroups(): { readonly title: string; readonly members: Member[] }[] {
  const groups: { title: string; members: Member[] }[] = [];
  for (const member of membersOf('lib/store/options/session-options.ts', 'SessionModuleOptions')) {
    if (member.beginsGroup) groups.push({ title: member.beginsGroup, members: [] });
    groups.at(-1)!.members.push(member);
  }
  return groups;
}

export function optionsPage(): string {
  const groups = optionGroups();
  return page(
    'Options',
    "For `SessionModule.forRoot(options)`, `createSessionMiddleware` and `createSessionStore`. Durations are milliseconds, or strings such as `'30m'` and `'1d'`. All options are checked once, at start-up: a wrong one stops the start with a sentence that names it and says what to do.",
    `\`createSessionMiddleware\` takes all but those for Nest only. \`createSessionStore\` refuses what a store cannot do: ${NOT_FOR_STORES.map(code).join(', ')}, \`csrf\`, \`onUnavailable: 'anonymous'\` and \`saveOnError: false\`. It warns of what belongs to \`session()\`: ${OF_SESSION.map(code).join(', ')}; and of \`cookie\` without \`adopt\`, with which it stands for the cookie that a row lacks. \`secret\` may be left out there.`,
    ...groups.map(({ title, members }) => `## ${title}\n\n${memberTable(members)}`),
    section('lib/store/options/session-options.ts', 'SessionMetadata'),
  );
}

export function modulePage(): string {
  return page(
    'The module and its decorators',
    section('lib/nest/session.module.ts', 'SessionModule'),
    section('lib/nest/session.module-definition.ts', 'SessionModuleAsyncOptions'),
    section('lib/nest/session.module-definition.ts', 'SessionModuleOptionsFactory'),
    section('lib/nest/session.decorator.ts', 'Session', { title: '`@Session()`' }),
    section('lib/nest/session.decorator.ts', 'SessionHandle', { title: '`@SessionHandle()`' }),
    section('lib/nest/guarding/require-session.decorator.ts', 'RequireSession', { title: '`@RequireSession()`' }),
    memberTable(membersOf('lib/nest/guarding/require-session.decorator.ts', 'SessionRequirement')),
    section('lib/nest/locking/session-lock.decorator.ts', 'SessionLock', { title: '`@SessionLock()`' }),
    memberTable(membersOf('lib/nest/locking/session-lock.decorator.ts', 'SessionLockDurations')),
    section('lib/nest/sockets/with-sessions.ts', 'withSessions', { title: '`withSessions()`' }),
    memberTable(membersOf('lib/nest/sockets/with-sessions.ts', 'SocketSessionOptions')),
    section('lib/nest/session.tokens.ts', 'SESSION_MIDDLEWARE'),
    section('lib/nest/watching/session-health.indicator.ts', 'SessionHealthIndicator'),
    section('lib/http/create-session.ts', 'createSessionMiddleware', { title: '`createSessionMiddleware()`' }),
    section('lib/http/create-session.ts', 'createSessionStore', { title: '`createSessionStore()`' }),
    section('lib/testing/signed-in-cookie.ts', 'signedInCookie', { title: '`signedInCookie()`' }),
    section('lib/testing/fake-session.module.ts', 'FakeSessionModule'),
  );
}

export function sessionPage(): string {
  return page(
    'The session',
    'What stands on `req.session`, and what `@Session()` gives. Beside these it has the keys that you declare in `SessionData`, and `id` and `cookie` of express-session. `save`, `reload`, `regenerate` and `destroy` also take a callback, as in express-session.',
    `## Methods and properties\n\n${memberTable(membersOf('lib/store/express-session.ts', 'Session'))}`,
    section('lib/store/login-arguments.ts', 'LoginOptions'),
    section('lib/store/login-arguments.ts', 'LogoutOptions'),
    section('lib/store/session-data.ts', 'SessionData'),
    '## Reserved names\n\n`handle`, `rotate`, `update`, `login`, `logout`, `authenticatedAt`, `level` and `$login` are refused as keys of session data.',
  );
}

export function storePage(): string {
  const methods = membersOf('lib/store/session-store.ts', 'SessionStore');
  return page(
    'The store',
    commentOf(declarationOf('lib/store/session-store.ts', 'SessionStore')),
    'Inject it by its class: `constructor(private readonly sessions: SessionStore) {}`. The methods of express-session (`get`, `set`, `touch`, `destroy`, `all`, `length`, `clear`) take a callback or return a promise.',
    `## Methods\n\n${table(
      ['Method', 'Does'],
      methods.map(({ name, type, comment }) => [code(`${name}${type.replace(' => ', ': ')}`), cell(comment)]),
    )}`,
    section('lib/store/users/lister.ts', 'SessionInfo'),
    section('lib/store/users/lister.ts', 'SessionQuery'),
    section('lib/store/users/revoker.ts', 'RevokeOptions'),
    section('lib/store/users/revoker.ts', 'RevokeUserOptions'),
  );
}

export function eventsPage(): string {
  const file = parse('lib/store/runtime/events.ts');
  const list = declarationOf('lib/store/runtime/events.ts', 'EVENTS') as ts.VariableStatement;
  let literal: ts.Expression = list.declarationList.declarations[0]!.initializer!;
  while (!ts.isObjectLiteralExpression(literal)) literal = (literal as ts.AsExpression | ts.SatisfiesExpression).expression;
  const rows = literal.properties.map((property) => {
    const facts = (property as ts.PropertyAssignment).initializer.getText(file);
    const names = Array.from(facts.matchAll(/'(\w+)'/g), ([, name = '']) => name);
    const shared = facts.includes('OF_SESSION') ? ['handle', 'userId', 'ipAddress', 'userAgent'] : [];
    return [code(property.name!.getText(file)), cell(commentOf(property)), [...shared, ...names].map(code).join(', ') || '–'];
  });
  return page(
    'Events',
    commentOf(declarationOf('lib/store/runtime/events.ts', 'SessionEvents')),
    'Listen by `store.on(name, listener)`. If the application imports `EventEmitterModule`, each event is also emitted there as `session.<name>`: see [Monitoring](../operate/monitoring.md#events). Every event has `at`, a `Date`.',
    table(['Event', 'When', 'Carries'], rows),
    section('lib/store/runtime/events.ts', 'SessionEvent', { title: 'What events carry' }),
  );
}

export function entityPage(): string {
  const path = 'lib/table/entity/session.entity.ts';
  return page(
    'The entity',
    section(path, 'SessionEntity'),
    section(path, 'defineSessionEntity', { title: '`defineSessionEntity()`' }),
    memberTable(membersOf(path, 'SessionEntityDefinition')),
    section('lib/table/session.migration.ts', 'createSessionMigration', { title: '`createSessionMigration()`' }),
    memberTable(membersOf('lib/table/session.migration.ts', 'SessionMigrationOptions')),
    section('lib/table/entity/adopted-tables.ts', 'SessionAdoption'),
  );
}

export function errorsPage(): string {
  const path = 'lib/session.errors.ts';
  const classes = parse(path)
    .statements.filter(ts.isClassDeclaration)
    .filter(({ name }) => name!.text !== 'SessionError')
    .map((each) => {
      const text = each.getText();
      const [, errorCode = ''] = /code = '(\w+)'/.exec(text) ?? [];
      const [, status = ''] = /status = (\d+)/.exec(text) ?? [];
      return { name: each.name!.text, errorCode, status, comment: commentOf(each) };
    });
  const kinds = [...classes.map(({ name }) => name), 'TypeError', 'RangeError', 'warning'];
  return page(
    'Errors',
    commentOf(declarationOf(path, 'SessionError')),
    'Do you have the text of an error? Search this page for a few of its words, or go to [Troubleshooting](troubleshooting.md).',
    table(
      ['Class, `code`, status', 'Means'],
      classes.map(({ name, errorCode, status, comment }) => [`${code(name)}<br>${code(errorCode)}<br>${status}`, cell(comment)]),
    ),
    '`@RequireSession` throws exceptions of Nest, with one of these codes in the body: `SESSION_REQUIRED` and `SESSION_USER_REQUIRED` (401), `SESSION_NOT_FRESH` and `SESSION_LEVEL` (403).',
    ...kinds.flatMap((kind) => {
      const rows = errorTexts.filter((text) => text.kind === kind).map((text) => [cell(text.text.replaceAll('<', '&lt;')), pageFor(text)]);
      const title = kind === 'warning' ? 'Warnings in the log' : `Texts of \`${kind}\``;
      return rows.length === 0 ? [] : [`## ${title}\n\n${table(['Text', 'Page'], rows)}`];
    }),
  );
}
