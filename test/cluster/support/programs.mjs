import { execFile } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Debian keeps the programs of a PostgreSQL server, by version, apart from the others. */
const POSTGRES = '/usr/lib/postgresql';

const FOLDERS = ['/usr/sbin', '/usr/local/sbin', ...(process.env.PATH ?? '').split(':')];
const LIBRARIES = ['/usr/lib/galera', '/usr/lib64/galera-4', '/usr/lib64/galera'];

/** A program that is not installed: the script that needs it is skipped, or fails where `REQUIRE_DATABASES=1`. */
export class MissingProgram extends Error {}

/** The path of a program. */
export function programOf(name) {
  return firstOf(name, [...postgresFolders(), ...FOLDERS], constants.X_OK);
}

/** The path of the Galera library. */
export const galeraLibrary = () => firstOf('libgalera_smm.so', LIBRARIES, constants.R_OK);

/** Runs a program to its end; rejects with what it said where it fails. */
export async function run(name, args, account = {}) {
  const { stdout } = await promisify(execFile)(programOf(name), args, { ...account, cwd: '/', maxBuffer: 2 ** 24 });
  return stdout;
}

function firstOf(name, folders, mode) {
  const found = folders.map((folder) => join(folder, name)).find((path) => isThere(path, mode));
  if (!found) throw new MissingProgram(`${name} is not installed.`);
  return found;
}

function postgresFolders() {
  try {
    const versions = readdirSync(POSTGRES).toSorted((left, right) => Number(right) - Number(left));
    return versions.map((version) => join(POSTGRES, version, 'bin'));
  } catch {
    return [];
  }
}

function isThere(path, mode) {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
