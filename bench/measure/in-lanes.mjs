/** Does all of the work, so many at a time; resolves to the results in order. */
export async function inLanes(items, lanes, work) {
  const results = Array(items.length);
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}
