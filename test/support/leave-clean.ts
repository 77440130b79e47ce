import { afterAll, vi } from 'vitest';

// The spec files of one worker share a process and its modules: none may leave a clock or a variable behind.
afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});
