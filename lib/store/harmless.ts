import { textOf } from '../session.errors.js';

/**
 * The same log, which throws nothing: warnings come from timers, from callbacks of drivers and from responses that have begun,
 * where what a logger of the application throws would end the process.
 */
export function harmless(warn: (message: string) => void): (message: string) => void {
  return (message) => {
    try {
      warn(message);
    } catch (error) {
      process.emitWarning(`A warning of the session store could not be logged (${textOf(error)}): ${message}`);
    }
  };
}
