/** The middle of some numbers; of an even number of them the mean of the two in the middle. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** Timed parts as one figure each: operations per second, latencies in milliseconds, CPU time per operation in µs. */
export function summarize(parts) {
  const latencies = Float64Array.from(parts.flatMap((part) => part.latencies)).toSorted();
  const sum = (key) => parts.reduce((total, part) => total + part[key], 0);
  return {
    count: latencies.length,
    perSecond: latencies.length / sum('seconds'),
    cpuMicros: sum('cpuMicros') / latencies.length,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
  };
}

/** The medians of rounds, figure by figure. */
export function medianOf(rounds) {
  return Object.fromEntries(Object.keys(rounds[0]).map((key) => [key, median(rounds.map((round) => round[key]))]));
}
