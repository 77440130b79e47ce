import { sidOf } from './sample-session.mjs';

/** Session ids in random order, round and round: the same one does not come again soon. */
export function shuffledSids(first, last) {
  const all = Array.from({ length: last - first + 1 }, (_, index) => sidOf(first + index));
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [all[i], all[j]] = [all[j], all[i]];
  }
  let cursor = 0;
  return { all, length: all.length, next: () => all[cursor++ % all.length] };
}
