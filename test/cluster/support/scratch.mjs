import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const GUARD = fileURLToPath(new URL('./guard.mjs', import.meta.url));

/** A folder with the servers of one script. However the script ends, they end and the folder goes. */
export class Scratch {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'cluster-'));
    chmodSync(this.folder, 0o755);
    // In a process group of its own, so that an interrupt from the keyboard does not reach it.
    this.guard = spawn(process.execPath, [GUARD, this.folder], { detached: true, stdio: ['pipe', 'ignore', 'inherit'] });
    this.guard.stdin.on('error', () => {});
  }

  /** A new folder that belongs to this account of a database server. */
  makeFolder(name, account) {
    const folder = join(this.folder, name);
    mkdirSync(folder, { mode: 0o700 });
    if (account.uid !== undefined) chownSync(folder, account.uid, account.gid);
    return folder;
  }

  /** Starts a server; `signal` is the one that ends it at once. */
  spawn(command, args, { signal, ...options }) {
    const server = spawn(command, args, { ...options, cwd: this.folder, detached: true });
    if (server.pid === undefined) throw new Error(`${command} does not start.`);
    this.guard.stdin.write(`${server.pid} ${signal}\n`);
    server.once('exit', () => this.guard.stdin.write(`${server.pid}\n`));
    return server;
  }

  async close() {
    this.guard.stdin.end();
    if (this.guard.exitCode === null) await once(this.guard, 'exit');
  }
}

/** Database servers refuse to run as root: the account that their packages made, where we are root. */
export function accountOf(name) {
  if (process.getuid?.() !== 0) return {};
  const id = (flag) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
