// A module hook: whoever asks for express-session gets the one under test.
import { pathToFileURL } from 'node:url';

let entry;

export function initialize(data) {
  entry = pathToFileURL(data.entry).href;
}

export function resolve(specifier, context, nextResolve) {
  return specifier === 'express-session' ? { url: entry, format: 'commonjs', shortCircuit: true } : nextResolve(specifier, context);
}
