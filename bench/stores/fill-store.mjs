import { sampleSession } from './sample-session.mjs';

/** Gives a store the template of each part of its rows, or the rows themselves where it can take them. */
export async function fillStore({ store, fill }, parts) {
  for (const part of parts) {
    if (fill) await fill(part);
    else {
      await new Promise((resolve, reject) => {
        store.set(part.template, sampleSession(part.bytes, part), (error) => (error ? reject(error) : resolve()));
      });
    }
  }
}
