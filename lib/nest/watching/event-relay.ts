import type { ModulesContainer } from '@nestjs/core';
import type { EventRelay, SessionEvent } from '../../store/runtime/events.js';

/** The emitter of `@nestjs/event-emitter`, as far as it matters here. */
interface ApplicationEmitter {
  hasListeners(name: string): boolean;
  listenersAny(): readonly unknown[];
  emitAsync(name: string, event: SessionEvent): Promise<unknown>;
}

/** What the application calls our events. */
const nameOf = (name: string): string => `session.${name}`;

/** Hands events on to `@nestjs/event-emitter`, as `session.<name>`; `undefined` where the application does not have it. */
export function relayTo(modules: ModulesContainer): EventRelay | undefined {
  const emitter = findEmitter(modules);
  return (
    emitter && {
      isHeard: (name) => emitter.hasListeners(nameOf(name)) || emitter.listenersAny().length > 0,
      // Not `emit`, which leaves the rejection of a listener to nobody.
      relay: (name, event) => emitter.emitAsync(nameOf(name), event),
    }
  );
}

/** Found by the name of its module, because this package does not import it. */
function findEmitter(modules: ModulesContainer): ApplicationEmitter | undefined {
  const own = [...modules.values()].filter(({ metatype }) => metatype.name === 'EventEmitterModule');
  return own.flatMap(({ providers }) => [...providers.values()].map(({ instance }): unknown => instance)).find(isEmitter);
}

const isEmitter = (instance: unknown): instance is ApplicationEmitter =>
  typeof instance === 'object' && instance !== null && 'emitAsync' in instance && 'hasListeners' in instance && 'listenersAny' in instance;
