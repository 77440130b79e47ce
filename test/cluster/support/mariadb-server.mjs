import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import { freePorts } from './ports.mjs';
import { programOf, run } from './programs.mjs';
import { accountOf } from './scratch.mjs';
import { until } from './until.mjs';

const ACCOUNT = 'mysql';
/** Killed servers keep what they have written: only a machine that fails would need more. */
const SETTINGS = {
  'character-set-server': 'utf8mb4',
  'innodb-flush-log-at-trx-commit': 2,
  'innodb-buffer-pool-size': '64M',
  'innodb-log-file-size': '16M',
  'skip-name-resolve': 'on',
};

/** A MariaDB server of a script. */
export class MariaDbServer {
  constructor(scratch, name, folder, port, settings) {
    Object.assign(this, { scratch, name, folder, port, settings });
  }

  get url() {
    return `mysql://app@127.0.0.1:${this.port}/test`;
  }

  /** Makes an empty server and starts it. */
  static async create(scratch, name, settings = {}) {
    const server = await MariaDbServer.prepare(scratch, name, settings);
    await server.install();
    await server.start();
    await server.createDatabase();
    return server;
  }

  /** A server without data: `install` makes some, a Galera cluster brings them. */
  static async prepare(scratch, name, settings, port) {
    const folder = scratch.makeFolder(name, accountOf(ACCOUNT));
    return new MariaDbServer(scratch, name, folder, port ?? (await freePorts(1))[0], settings);
  }

  async install() {
    const args = ['--no-defaults', `--datadir=${this.folder}`, '--auth-root-authentication-method=normal', '--skip-test-db'];
    await run('mariadb-install-db', args, accountOf(ACCOUNT));
  }

  /** The database and the account of the application: one that is no administrator. */
  async createDatabase() {
    await this.query('CREATE DATABASE test CHARACTER SET utf8mb4');
    await this.query(`CREATE USER app@'127.0.0.1'`);
    await this.query(`GRANT ALL ON test.* TO app@'127.0.0.1'`);
  }

  /** Starts the process, and waits until it answers. */
  async start(...more) {
    this.launch(...more);
    await this.answers();
  }

  launch(...more) {
    const settings = { ...SETTINGS, ...this.settings, datadir: this.folder, port: this.port, 'bind-address': '127.0.0.1' };
    const options = Object.entries(settings).map(([setting, value]) => `--${setting}=${value}`);
    const args = ['--no-defaults', ...options, `--socket=${this.folder}/socket`, `--pid-file=${this.folder}/pid`, ...more];
    const log = openSync(this.logFile, 'a');
    const account = accountOf(ACCOUNT);
    this.process = this.scratch.spawn(programOf('mariadbd'), args, { ...account, stdio: ['ignore', log, log], signal: 'SIGKILL' });
  }

  async answers() {
    const isOver = () => this.process.exitCode !== null;
    await until(`MariaDB (${this.name}) answers`, () => this.query('SELECT 1'), { ms: 60_000, isOver });
  }

  get logFile() {
    return join(this.scratch.folder, `${this.name}.log`);
  }

  async stop(signal = 'SIGTERM') {
    const ended = once(this.process, 'exit');
    process.kill(this.process.pid, signal);
    await ended;
  }

  /** Stops all writes here, those of other nodes included, until what it resolves to is called. */
  async freeze() {
    const connection = await this.connect();
    await connection.query('FLUSH TABLES WITH READ LOCK');
    return () => connection.destroy();
  }

  /** The rows of a statement, on a connection of its own, as the administrator. */
  async query(text, values) {
    const connection = await this.connect();
    try {
      return (await connection.query(text, values))[0];
    } finally {
      connection.destroy();
    }
  }
  async connect() {
    const connection = await mysql.createConnection({ socketPath: `${this.folder}/socket`, user: 'root' });
    connection.on('error', () => {});
    return connection;
  }
}
