import { answer } from '../measure/worker-calls.mjs';
import { openDelayProxy } from './delay-proxy.mjs';

let proxy;

answer({
  async open(target, delayMs) {
    proxy = await openDelayProxy(target, delayMs);
    return proxy.port;
  },
  close: () => proxy.close(),
});
