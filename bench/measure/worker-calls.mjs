import { fork } from 'node:child_process';
import { once } from 'node:events';

/** In the worker: answers calls from the parent, one at a time. */
export function answer(methods) {
  process.on('message', (call) => void reply(methods, call));
}

async function reply(methods, { method, args }) {
  try {
    process.send({ result: await methods[method](...args) });
  } catch (error) {
    process.send({ error: `${error.message ? '' : `${error.constructor.name}: `}${error.stack}` });
  }
  if (method === 'close') {
    process.disconnect();
    // Some stores have no way to end their timers.
    setTimeout(() => process.exit(), 200).unref();
  }
}

/** In the parent: starts a worker, whose methods are called with `call`, one at a time. */
export function startWorker(file, args, { execArgv = [] } = {}) {
  const child = fork(file, args, { execArgv });
  let settle;
  let hasEnded = false;
  const exit = once(child, 'exit').then(([code, signal]) => {
    hasEnded = true;
    settle?.({ error: `The worker ended with ${signal ?? code}.` });
  });
  child.on('message', (reply) => settle?.(reply));
  const call = async (method, ...callArgs) => {
    const reply = await new Promise((resolve) => {
      settle = resolve;
      if (hasEnded) resolve({ error: 'The worker has ended.' });
      else child.send({ method, args: callArgs });
    });
    settle = undefined;
    if (reply.error) throw new Error(`${args[0]}, ${method}: ${reply.error}`);
    return reply.result;
  };
  return {
    call,
    async close() {
      await call('close').catch(() => child.kill());
      await exit;
    },
  };
}
