import { SessionModule, type SessionModuleOptions } from 'nestjs-typeorm-session';
import type { Adapter } from './adapters.js';
import { Browser } from './browser.js';
import { routesOf, viewHandlers, type Handler } from './lock-routes.js';
import { startApp, type TestApp } from './nest-app.js';
import { SECRET } from './secret.js';

/** An application with these handlers beside those that count views; see `routesOf`. */
export function startHandlers(
  options: Partial<SessionModuleOptions>,
  handlers: Readonly<Record<string, Handler>> = {},
  adapter?: Adapter,
): Promise<TestApp> {
  const module = SessionModule.forRoot({ secret: SECRET, prune: false, ...options });
  return startApp({ imports: [module], controllers: [routesOf({ ...viewHandlers, ...handlers })] }, undefined, adapter);
}

/** Somebody with a session. */
export async function signIn(address: string): Promise<Browser> {
  const browser = new Browser(address);
  const answer = await browser.post('/login');
  if (browser.cookie === undefined) throw new Error(`/login answered ${answer.status} and no cookie.`);
  return browser;
}

/** Somebody with the same session at another application. */
export function at(address: string, { cookie }: Browser): Browser {
  const browser = new Browser(address);
  browser.cookie = cookie;
  return browser;
}

/** Resolves when so many more requests have read their session and ask for its lock. */
export function asksForLock({ store }: TestApp, times = 1): Promise<void> {
  return new Promise((resolve) => {
    const { lock } = store;
    let left = times;
    store.lock = (...args) => {
      if (--left === 0) {
        store.lock = lock;
        resolve();
      }
      return lock.apply(store, args);
    };
  });
}
