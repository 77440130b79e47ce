import { expect, it } from 'vitest';
import { describeEachDatabase } from '../support/databases.js';
import { Stress } from '../support/race-stress.js';
import { settingsOf, useRace } from '../support/race-settings.js';

const WORKERS = 50;
const BROWSERS = 8;
/** `STRESS_SECONDS=60` is the full run, which also says what it did. */
const seconds = Number(process.env.STRESS_SECONDS ?? 3);

describeEachDatabase(`${WORKERS} workers on ${BROWSERS} sessions for ${seconds} s`, (database) => {
  const setting = settingsOf(database).at(-1)!;
  const race = useRace(database, setting);

  it(`revive nothing, lose nothing and are told where they lose, between ${setting}`, { timeout: seconds * 2_000 + 30_000 }, async () => {
    const report = await new Stress(race, BROWSERS).run(WORKERS, seconds * 1_000);
    if (process.env.STRESS_SECONDS) console.log(database.name, report);
    expect(tally(report.violations)).toEqual({});
    expect(report.counts).toMatchObject({ 'save done': expect.any(Number), 'save SESSION_INTERRUPTED': expect.any(Number) });
  });
});

function tally(violations: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const violation of violations) counts[violation] = (counts[violation] ?? 0) + 1;
  return counts;
}
