import { expect, it } from 'vitest';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf } from '../support/store-data.js';
import { HOUR, useStores } from '../support/store-fixture.js';

describeEachDatabase(
  'The commit',
  (database) => {
    const { clock, dataSource, open } = useStores(database);

    /** What the server does at the end of each transaction that updates a session: recorded by a trigger. */
    async function recordCommits(): Promise<() => Promise<string[]>> {
      const { tablePath } = dataSource().entityMetadatas[0]!;
      await dataSource().query(`CREATE TABLE IF NOT EXISTS "${tablePath}_commits" (place serial, setting text)`);
      await dataSource().query(`TRUNCATE "${tablePath}_commits"`);
      await dataSource().query(
        `CREATE OR REPLACE FUNCTION "${tablePath}_record"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ` +
          `INSERT INTO "${tablePath}_commits" (setting) VALUES (TG_OP || ' ' || current_setting('synchronous_commit')); RETURN NULL; END $$`,
      );
      await dataSource().query(
        `CREATE OR REPLACE TRIGGER record AFTER INSERT OR UPDATE OR DELETE ON "${tablePath}" ` +
          `FOR EACH ROW EXECUTE FUNCTION "${tablePath}_record"()`,
      );
      return async () => {
        const found: { setting: string }[] = await dataSource().query(`SELECT setting FROM "${tablePath}_commits" ORDER BY place`);
        await dataSource().query(`DROP TABLE "${tablePath}_commits"`);
        await dataSource().query(`DROP FUNCTION "${tablePath}_record" CASCADE`);
        return found.map(({ setting }) => setting);
      };
    }

    /** One session after the other, and eight at once, are stored, touched, saved and ended. */
    async function work(options: Parameters<typeof open>[0]): Promise<void> {
      const store = open(options);
      const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
      for (const some of [['one'], ids]) {
        const each = (run: (id: string) => Promise<unknown>) => Promise.all(some.map(run));
        await each((id) => store.set(id, dataOf({ views: 1 })));
        clock.now += HOUR;
        await each(async (id) => store.touch(id, (await store.get(id))!));
        // In the hour in which it is pruned.
        clock.now += HOUR / 60;
        await each(async (id) => store.touch(id, (await store.get(id))!));
        await each(async (id) => store.set(id, Object.assign((await store.get(id))!, { views: 2 })));
        await each((id) => store.destroy(id));
      }
    }

    const inOrder = (touched: string): string[] => {
      const commits = ['INSERT on', `UPDATE ${touched}`, `UPDATE ${touched}`, 'UPDATE on', 'DELETE on'];
      return [1, 8].flatMap((sessions) => commits.flatMap((commit) => Array<string>(sessions).fill(commit)));
    };

    it.each([
      ['of a touch alone does not wait for the disk', {}, 'off'],
      ['of a touch alone does not wait for the disk, without prepared statements', { preparedStatements: false }, 'off'],
      ['of a touch waits for the disk, too, if it is to be durable', { touchDurability: 'full' }, 'on'],
    ] as const)('%s', async (_, options, touched) => {
      const recorded = await recordCommits();
      await work({ touchInterval: 0, ...options }).catch(async (error: unknown) => {
        await recorded();
        throw error;
      });
      expect(await recorded()).toEqual(inOrder(touched));
    });

    it('of what comes next on the connections waits again', async () => {
      await work({ touchInterval: 0 });
      const settings = await Promise.all(Array.from({ length: 10 }, () => dataSource().query('SHOW synchronous_commit')));
      expect(new Set(settings.flat().map(({ synchronous_commit: setting }: { synchronous_commit: string }) => setting))).toEqual(
        new Set(['on']),
      );
    });
  },
  ['postgres'],
);
