import session from 'express-session';
import { describe, expect, it } from 'vitest';
import { composeStore } from '../../lib/store/compose.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import { isSessionId } from '../../lib/store/session/id.js';
import { newSession, requestOf } from '../support/store-data.js';
import { embedded } from '../support/embedded.js';

const ROUNDS = 100_000;

function openStore(options: { genid?: () => string } = {}) {
  const connection = embedded;
  return composeStore(resolveOptions({ secret: 'x', connection, prune: false, ...options }), { warn: () => undefined });
}

/** Every one of these is usable, hard to guess and unlike all others. */
function expectGoodIds(ids: readonly string[]): void {
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) {
    if (isSessionId(id) && Buffer.from(id, 'base64url').length >= 16) continue;
    expect.fail(`${id} is no good session id.`);
  }
}

describe('a session id', () => {
  it('S1: that express-session makes is accepted, long and never made twice', () => {
    const store = openStore();
    session({ store, secret: 'x', resave: false, saveUninitialized: false });
    const ids = Array.from({ length: ROUNDS }, () => {
      const req = requestOf(store, '');
      store.generate(req);
      return req.sessionID;
    });
    expectGoodIds(ids);
  });

  it('that a rotation makes is accepted, long and never made twice', async () => {
    const store = openStore();
    const ids: string[] = [];
    const current = newSession(store, 'a');
    for (let round = 0; round < 10_000; round++) {
      await current.rotate();
      ids.push(current.id);
    }
    expectGoodIds(ids);
    await store.close();
  });
});
