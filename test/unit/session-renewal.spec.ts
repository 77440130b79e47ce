import { describe, expect, it } from 'vitest';
import { SessionUnavailableError } from '../../lib/session.errors.js';
import type { StoreDependencies } from '../../lib/store/runtime/dependencies.js';
import { newOrigin } from '../../lib/store/session/origin.js';
import { SessionRenewal } from '../../lib/store/work/renewal.js';
import type { SessionMove } from '../../lib/table/session-table.js';
import { barrier, turns } from '../support/store-gate.js';

const MINUTE = 60_000;

/** Renews a session in a table that does this with a move. */
async function renew(changeId: (move: SessionMove, operation: { isLate: boolean }) => unknown) {
  const keys: string[] = [];
  const operation = { isLate: false };
  const table = {
    changeId: async ([move]: [SessionMove]) => {
      keys.push(`${move.id} to ${move.newId}`);
      await changeId(move, operation);
      return ['saved'];
    },
  };
  const options = { renewAfterMs: 15 * MINUTE };
  const context = { table, options, now: () => 15 * MINUTE, emit: () => undefined } as unknown as StoreDependencies;
  const origin = Object.assign(newOrigin('old'), { isStored: true, renewedAt: 0 });
  let isRenamed = false;
  const error: unknown = await new SessionRenewal(context)
    .renew(origin, 'new', () => void (isRenamed = true), operation)
    .catch((reason: unknown) => reason);
  return { keys, isRenamed, key: origin.key, error };
}

describe('a renewal', () => {
  it('is known to its request', async () => {
    expect(await renew(() => undefined)).toEqual({ keys: ['old to new'], isRenamed: true, key: 'new', error: undefined });
  });

  it('is taken back where its answer has left without it', async () => {
    const late = await renew((_, operation) => void (operation.isLate = true));
    expect(late).toEqual({ keys: ['old to new', 'new to old'], isRenamed: false, key: 'old', error: undefined });
  });

  it('is over only when it is taken back', async () => {
    const gate = barrier();
    let isOver = false;
    const late = renew(({ id }, operation) => {
      operation.isLate = true;
      return id === 'new' && gate.passed;
    }).then(() => (isOver = true));
    await turns(2);
    expect(isOver).toBe(false);
    gate.open();
    await late;
  });

  it('is taken back where nobody knows whether it happened', async () => {
    const away = new SessionUnavailableError('connection lost');
    const lost = await renew(({ id }) => {
      if (id === 'old') throw away;
    });
    expect(lost).toEqual({ keys: ['old to new', 'new to old'], isRenamed: false, key: 'old', error: away });
  });

  it('fails with its own error where that fails, too', async () => {
    const away = new SessionUnavailableError('connection lost');
    const lost = await renew(() => {
      throw away;
    });
    expect(lost).toMatchObject({ isRenamed: false, key: 'old', error: away });
  });
});
