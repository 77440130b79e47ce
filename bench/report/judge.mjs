import { FLOORS, NOISE, REACH } from './reach.mjs';

/** What became of each line of the reach table, by the results that there are. */
export const judge = (results) => REACH.map((line) => ({ ...line, ...outcomeOf(line, results[line.bench]?.measurements) }));

function outcomeOf(line, measurements = []) {
  const find = (wanted) => measurements.find((one) => Object.entries(wanted).every(([key, value]) => one[key] === value));
  const own = find(line.of)?.[line.figure];
  if (own === undefined) return { verdict: 'not measured' };
  if (!line.against) return verdictOf(line, own);
  const other = find({ ...line.of, store: line.against })?.[line.figure];
  if (other === undefined) return { verdict: 'not measured' };
  // The bare exchange answers what the default answers: 10 % writes, within the touch interval.
  const isFair = line.bench !== 'http' || line.of.store === 'ours';
  const bare = isFair ? find({ ...line.of, store: FLOORS[line.bench] })?.[line.figure] : undefined;
  return { ...verdictOf(line, own / other), bare: bare && bare / other };
}

function verdictOf({ atLeast, atMost, exactly }, value) {
  const verdict = (isReached, isNear) => ({ value, verdict: isReached ? 'reached' : isNear ? 'within noise' : 'missed' });
  if (exactly !== undefined) return verdict(value === exactly, false);
  if (atLeast !== undefined) return verdict(value >= atLeast, value >= atLeast * (1 - NOISE));
  return verdict(value <= atMost, value <= atMost * (1 + NOISE));
}
