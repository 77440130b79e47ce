/** The key of the stamp in stored data. No key of a session is called so, because the store refuses it. */
export const STAMP_KEY = '$login';

/** Who signed in to a session, and how. It lies in the stored data, and never among the keys of the session. */
export interface LoginStamp {
  readonly user: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly level: number;
}

/** Takes the stamp out of stored data; what has another form is none. */
export function takeStamp(data: object): LoginStamp | undefined {
  if (!Object.hasOwn(data, STAMP_KEY)) return undefined;
  const { user, at, level } = (Reflect.get(data, STAMP_KEY) ?? {}) as Record<string, unknown>;
  Reflect.deleteProperty(data, STAMP_KEY);
  if (typeof user !== 'string' || typeof at !== 'number' || typeof level !== 'number') return undefined;
  return { user, at, level };
}
