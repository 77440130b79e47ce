/** A node that has been entered and not been left yet. */
interface Visit {
  readonly index: number;
  readonly targets: readonly number[];
  next: number;
}

/**
 * The nodes that can be reached from the first, each after all that it names, apart from the nodes of a cycle. `unrevivable` is the
 * first node among those of `mustNotCycle` that leads back to itself: it cannot be made, because it would have to exist before.
 * Without recursion, because a graph may be deeper than the call stack. (Tarjan's strongly connected components.)
 */
export function orderOf(
  targetsOf: (index: number) => readonly number[],
  mustNotCycle: (index: number) => boolean,
): { readonly order: readonly number[]; readonly unrevivable?: number } {
  const order: number[] = [];
  const entered = new Map<number, number>();
  const lowest = new Map<number, number>();
  const unfinished: number[] = [];
  const isUnfinished = new Set<number>();
  const visits: Visit[] = [];

  const enter = (index: number): void => {
    lowest.set(index, entered.size);
    entered.set(index, entered.size);
    unfinished.push(index);
    isUnfinished.add(index);
    visits.push({ index, targets: targetsOf(index), next: 0 });
  };
  const lower = (index: number, to: number): void => void lowest.set(index, Math.min(lowest.get(index)!, to));

  enter(0);
  for (let visit = visits.at(-1); visit; visit = visits.at(-1)) {
    const { index, targets } = visit;
    if (visit.next < targets.length) {
      const target = targets[visit.next++]!;
      if (!entered.has(target)) enter(target);
      else if (target === index && mustNotCycle(index)) return { order, unrevivable: index };
      else if (isUnfinished.has(target)) lower(index, entered.get(target)!);
      continue;
    }
    visits.pop();
    const parent = visits.at(-1);
    if (parent) lower(parent.index, lowest.get(index)!);
    const isTop = lowest.get(index) === entered.get(index);
    const isAlone = isTop && unfinished.at(-1) === index;
    if (mustNotCycle(index) && !isAlone) return { order, unrevivable: index };
    if (isTop) for (let last = -1; last !== index; isUnfinished.delete(last)) last = unfinished.pop()!;
    order.push(index);
  }
  return { order };
}
