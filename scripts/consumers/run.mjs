import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Runs a command in a folder and returns what it printed; one that fails is an error with all of it. */
export async function run(cwd, command, args, env = {}) {
  try {
    const { stdout } = await promisify(execFile)(command, args, {
      cwd,
      env: { ...process.env, ...env },
      shell: process.platform === 'win32',
      maxBuffer: 2 ** 26,
    });
    return stdout;
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')} failed in ${cwd}:\n${error.stdout}${error.stderr}`, { cause: error });
  }
}
