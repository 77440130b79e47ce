import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MissingProgram } from './programs.mjs';
import { Scratch } from './scratch.mjs';

const LIMIT_MS = 120_000;
const LOG_LINES = 15;

/** Runs one script: `work` starts its servers in the scratch, tells what it does and checks what it finds. */
export async function runScript(name, work, { limitMs = LIMIT_MS } = {}) {
  const scratch = new Scratch();
  const script = new Script(name);
  const stop = async (reason) => {
    console.error(`${name}: stopped by ${reason}`);
    await scratch.close();
    process.exit(1);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => void stop(signal));
  setTimeout(() => void stop(`its limit of ${limitMs / 1_000} s`), limitMs).unref();
  process.on('unhandledRejection', (error) => script.fail('nothing is rejected unheard', error));
  process.on('uncaughtException', (error) => script.fail('nothing is thrown unheard', error));
  try {
    await work(scratch, script);
  } catch (error) {
    if (error instanceof MissingProgram && process.env.REQUIRE_DATABASES !== '1') {
      console.log(`${name}: skipped, ${error.message}`);
      return;
    }
    script.fail('the script comes to its end', error);
  } finally {
    if (script.failures > 0) printLogs(scratch.folder);
    await scratch.close();
  }
  script.finish();
  // What still listens or waits belongs to nobody now.
  process.exit(script.failures > 0 ? 1 : 0);
}

class Script {
  started = performance.now();
  checks = 0;
  failures = 0;

  constructor(name) {
    this.name = name;
  }

  /** One line of what is done or was measured. */
  say(line) {
    console.log(`${this.name} ${this.clock()}  ${line}`);
  }

  check(what, isSo, found = '') {
    this.checks++;
    if (!isSo) this.failures++;
    this.say(`${isSo ? 'ok    ' : 'FAILED'} ${what}${found === '' ? '' : `: ${found}`}`);
  }

  fail(what, error) {
    this.check(what, false, error?.stack ?? error);
    if (error?.cause) console.error(error.cause);
  }

  finish() {
    const passed = this.checks - this.failures;
    console.log(`${this.name}: ${passed} passed, ${this.failures} failed in ${this.clock().trim()}`);
  }

  clock() {
    return `${((performance.now() - this.started) / 1_000).toFixed(1).padStart(5)} s`;
  }
}

function printLogs(folder) {
  for (const file of readdirSync(folder).filter((each) => each.endsWith('.log'))) {
    const lines = readFileSync(join(folder, file), 'utf8').trimEnd().split('\n').slice(-LOG_LINES);
    console.error(`--- ${file}\n${lines.join('\n')}`);
  }
}
