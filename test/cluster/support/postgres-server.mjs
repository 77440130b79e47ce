import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { freePorts } from './ports.mjs';
import { programOf, run } from './programs.mjs';
import { accountOf } from './scratch.mjs';
import { until } from './until.mjs';

const ACCOUNT = 'postgres';
/** Killed servers keep what they have written: only a machine that fails would need more. */
const SETTINGS = { fsync: 'off', shared_buffers: '32MB', max_connections: '60' };
/** What ends a server: `fast` breaks connections and shuts down, `immediate` leaves the rest to recovery. */
const STOP_SIGNALS = { fast: 'SIGINT', immediate: 'SIGQUIT' };

/** A PostgreSQL server of a script. */
export class PostgresServer {
  constructor(scratch, name, folder, port, settings) {
    Object.assign(this, { scratch, name, folder, port, settings });
  }

  get url() {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  /** Makes an empty server and starts it. */
  static async create(scratch, name, settings = {}) {
    const account = accountOf(ACCOUNT);
    const folder = scratch.makeFolder(name, account);
    await run('initdb', ['-D', folder, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--no-instructions'], account);
    const [port] = await freePorts(1);
    const server = new PostgresServer(scratch, name, folder, port, settings);
    await server.start();
    return server;
  }

  /** A streaming replica, in hot standby. */
  async createReplica(name, settings = {}) {
    const account = accountOf(ACCOUNT);
    const folder = this.scratch.makeFolder(name, account);
    const from = `host=127.0.0.1 port=${this.port} user=postgres application_name=${name}`;
    await run('pg_basebackup', ['-d', from, '-D', folder, '-R', '-X', 'stream', '--checkpoint=fast', '--no-sync'], account);
    const [port] = await freePorts(1);
    const replica = new PostgresServer(this.scratch, name, folder, port, settings);
    await replica.start();
    return replica;
  }

  async start() {
    const { port, folder } = this;
    const settings = { ...SETTINGS, ...this.settings, port, listen_addresses: '127.0.0.1', unix_socket_directories: '' };
    const args = Object.entries(settings).flatMap(([setting, value]) => ['-c', `${setting}=${value}`]);
    const log = openSync(this.logFile, 'a');
    const account = accountOf(ACCOUNT);
    const command = programOf('postgres');
    this.process = this.scratch.spawn(command, ['-D', folder, ...args], { ...account, stdio: ['ignore', log, log], signal: 'SIGQUIT' });
    const isOver = () => this.process.exitCode !== null;
    await until(`PostgreSQL (${this.name}) answers`, () => this.query('SELECT 1'), { isOver });
  }

  get logFile() {
    return join(this.scratch.folder, `${this.name}.log`);
  }

  async stop(mode = 'fast') {
    const ended = once(this.process, 'exit');
    process.kill(this.process.pid, STOP_SIGNALS[mode]);
    await ended;
  }

  /** Kills all processes of the server at once, as a machine that fails does; the disk keeps what was written. */
  async kill() {
    const workers = await this.query('SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()');
    const ended = once(this.process, 'exit');
    for (const pid of [this.process.pid, ...workers.map((worker) => worker.pid)]) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        // A worker may have ended since.
        if (error.code !== 'ESRCH') throw error;
      }
    }
    await ended;
  }

  /** Makes a replica the primary. */
  async promote() {
    await this.query('SELECT pg_promote(true, 30)');
  }

  /** The rows of a statement, on a connection of its own. */
  async query(text, values) {
    const client = new pg.Client({ connectionString: this.url, application_name: 'script' });
    client.on('error', () => {});
    try {
      await client.connect();
      return (await client.query(text, values)).rows;
    } finally {
      await client.end().catch(() => {});
    }
  }
}
