import { beforeEach, describe, expect, it } from 'vitest';
import { SessionRefusedError, SessionUnavailableError } from '../../lib/session.errors.js';
import { describeRaces } from '../conformance/session-table.js';
import { describeEachDatabase, useDataSource } from '../support/databases.js';
import { interceptStatements } from '../support/intercept-statements.js';
import { openTable, ownSessionEntity } from '../support/table-open.js';
import { newRow, NOW } from '../support/table-rows.js';

/** An error as drivers of PostgreSQL and MariaDB raise it. */
const driverError = (code: string | number) =>
  Object.assign(new Error('raised'), typeof code === 'number' ? { code: 'ER', errno: code } : { code });

describeEachDatabase('A transient failure', (database) => {
  const entity = ownSessionEntity(database);
  const dataSource = useDataSource(database, [entity]);

  /** Lets the next statements fail before they reach the database. */
  const failing = (times: number, error: Error) => {
    let left = times;
    const restore = interceptStatements(dataSource(), (_, send) =>
      left-- > 0 ? Promise.reject(Object.assign(new Error(error.message), { driverError: error })) : send(),
    );
    return () => {
      restore();
      return times - Math.max(left, 0);
    };
  };

  it.each(['40001', '40P01', 1213])('of code %s is tried again', async (code) => {
    const table = openTable(dataSource(), entity);
    await table.clear();
    const restore = failing(3, driverError(code));
    expect(await table.insert([newRow('a')])).toEqual(['saved']);
    expect(restore()).toBe(3);
    expect((await table.find(['a'], NOW))[0]).toEqual(newRow('a'));
  });

  it('is an error where it does not end', async () => {
    const table = openTable(dataSource(), entity);
    await table.fields();
    const restore = failing(1_000, driverError('40P01'));
    await expect(table.remove(['a'])).rejects.toThrow(SessionUnavailableError);
    expect(restore()).toBeLessThan(100);
  });

  it('that is none is not tried again', async () => {
    const table = openTable(dataSource(), entity);
    await table.fields();
    const restore = failing(1_000, driverError('42501'));
    await expect(table.remove(['a'])).rejects.toThrow(SessionRefusedError);
    expect(restore()).toBe(1);
  });

  if (database.name === 'postgres') {
    describe.each(['repeatable read', 'serializable'])('in a database whose transactions are %s', (level) => {
      const options = `-c default_transaction_isolation=${level.replace(' ', '\\ ')}`;
      const strictSource = useDataSource(database, [entity], { extra: { options } });
      const open = () => openTable(strictSource(), entity);
      beforeEach(() => open().clear());

      it('is what the server says', async () => {
        expect(await strictSource().query('SHOW transaction_isolation')).toEqual([{ transaction_isolation: level }]);
      });

      describeRaces(open);
    });
  }
});
