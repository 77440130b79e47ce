import { callInstance, type Answer, type Call } from './race-call.js';
import { RaceInstance, type InstanceConfig } from './race-instance.js';

/** A process of its own: an instance of the application that answers calls until it is closed. */
async function serve(instance: RaceInstance, call: Call): Promise<void> {
  const answer = await callInstance(instance, call).then(
    (value): Answer => ({ id: call.id, value }),
    (error: unknown): Answer => ({ id: call.id, error }),
  );
  process.send?.(answer);
  if (call.method === 'close') process.disconnect();
}

// The first message is the configuration, all others are calls.
process.once('message', (config: InstanceConfig) => {
  const opening = RaceInstance.open(config);
  process.on('message', (call: Call) => void opening.then((instance) => serve(instance, call)));
});
