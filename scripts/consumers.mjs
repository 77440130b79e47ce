/**
 * Installs the packed package into small applications outside the repository and uses them over HTTP:
 * the README's first example in a new Nest 12 application, on SQLite and on PostgreSQL, and a CommonJS Nest 11
 * application with TypeORM 0.3.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

const root = fileURLToPath(new URL('..', import.meta.url));
const workshop = mkdtempSync(join(tmpdir(), 'consumers-'));
const postgresUrl = process.env.POSTGRES_URL ?? 'postgres://postgres:postgres@127.0.0.1:5432/test';
const database = 'nestjs_typeorm_session_consumer';

try {
  const tarball = pack();
  const example = firstExample();

  const nest12 = install('nest-12-esm', tarball);
  build(nest12, onSqlite(example));
  await check(nest12, 'on SQLite');
  await onPostgres(async (url) => {
    build(nest12, example);
    await check(nest12, 'on PostgreSQL', { DATABASE_URL: url });
  });

  const nest11 = install('nest-11-commonjs', tarball);
  build(nest11);
  await check(nest11, 'on SQLite');
} finally {
  rmSync(workshop, { recursive: true, force: true });
}

function pack() {
  const output = run(root, 'npm', 'pack', '--json', '--pack-destination', workshop);
  const [{ filename }] = JSON.parse(output.slice(output.indexOf('[\n')));
  return join(workshop, filename);
}

function firstExample() {
  const [, code] = /^```ts\n(.*?)^```$/ms.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? [];
  if (!code) throw new Error('README.md has no ts block.');
  return code;
}

function onSqlite(code) {
  const postgres = /type: 'postgres',\s+url: process\.env\.DATABASE_URL/;
  if (!postgres.test(code)) throw new Error(`README.md's first example does not match ${postgres}.`);
  return code.replace(postgres, "type: 'better-sqlite3', database: 'app.sqlite'");
}

/** The addon of better-sqlite3 comes from the repository: compiling it again takes minutes and proves nothing. */
function install(name, tarball) {
  const application = join(workshop, name);
  cpSync(join(root, 'test/package/consumers', name), application, { recursive: true });
  run(application, 'npm', 'install', '--ignore-scripts', tarball);
  const addon = 'better-sqlite3/build/Release/better_sqlite3.node';
  cpSync(createRequire(import.meta.url).resolve(addon), join(application, 'node_modules', addon));
  return application;
}

function build(application, example) {
  if (example) {
    mkdirSync(join(application, 'src'), { recursive: true });
    writeFileSync(join(application, 'src/main.ts'), example);
  }
  run(application, 'npm', 'run', 'build');
}

async function check(application, place, environment = {}) {
  const port = await freePort();
  const server = spawn(process.execPath, ['dist/main.js'], {
    cwd: application,
    env: { ...process.env, PORT: String(port), SESSION_SECRET: 'kept by a consumer test', ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 60_000,
  });
  try {
    await listening(server, port);
    const address = `http://localhost:${port}/views`;
    const first = await fetch(address);
    const cookie = first.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const second = await fetch(address, { headers: { cookie } });
    const stranger = await fetch(address);
    const views = await Promise.all([first, second, stranger].map((response) => response.text()));
    const expected = ['{"views":1}', '{"views":2}', '{"views":1}'];
    if (views.join() !== expected.join()) throw new Error(`${application} ${place} answered ${views.join(', ')}`);
  } finally {
    server.kill();
    if (!hasEnded(server)) await once(server, 'exit');
  }
  console.log(`ok: ${application.slice(workshop.length + 1)} ${place}`);
}

async function freePort() {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/** Knocks until the application opens; its time-out ends it where it never does. */
async function listening(server, port) {
  while (!hasEnded(server)) {
    const socket = connect(port, 'localhost');
    const opened = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (opened) return;
    await setTimeout(50);
  }
  throw new Error('The application ended before it listened.');
}

function hasEnded(server) {
  return server.exitCode !== null || server.signalCode !== null;
}

/** Uses a database of its own, so that no table of another test is in the way. */
async function onPostgres(use) {
  const client = new pg.Client(postgresUrl);
  try {
    await client.connect();
  } catch (cause) {
    if (process.env.REQUIRE_DATABASES) throw new Error(`No PostgreSQL at ${new URL(postgresUrl).host}.`, { cause });
    console.warn(`skipped: no PostgreSQL at ${new URL(postgresUrl).host}`);
    return;
  }
  const url = new URL(postgresUrl);
  url.pathname = database;
  await client.query(`DROP DATABASE IF EXISTS ${database}`);
  await client.query(`CREATE DATABASE ${database}`);
  try {
    await use(url.href);
  } finally {
    await client.query(`DROP DATABASE ${database} WITH (FORCE)`);
    await client.end();
  }
}

function run(cwd, command, ...args) {
  const shell = process.platform === 'win32';
  const { status, stdout } = spawnSync(command, args, {
    cwd,
    shell,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed in ${cwd}:\n${stdout}`);
  return stdout;
}
