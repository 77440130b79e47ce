// The one file of this room that knows express-session; the others take its names from here.
import session from 'express-session';
import type { Request } from 'express';
import type { SessionData } from './session-data.js';
import type { LoginOptions, LogoutOptions } from './login-arguments.js';

export const { Store, Session, Cookie } = session as typeof session & {
  Session: { readonly prototype: session.Session };
  Cookie: new (options?: object) => session.Cookie & CookieInternals;
};

/** What @types/express-session leaves out of a cookie. */
interface CookieInternals {
  readonly data: Record<string, unknown>;
  serialize(name: string, value: string): string;
}

export type { Request, SessionData };
/** As in @types/express-session, which lacks a value of express-session 1.19. */
export interface CookieOptions extends Omit<session.CookieOptions, 'sameSite'> {
  /** `'auto'`: `'none'` on a secure connection, else `'lax'`. */
  sameSite?: session.CookieOptions['sameSite'] | 'auto';
}
/** The session on a request, with whatever `SessionData` is augmented by. */
export type Session = session.Session & Partial<SessionData>;

// In the block below, `SessionData` is express-session's; keys that are declared in ours come to `req.session` by this name.
type Declared = Partial<SessionData>;

declare module 'express-session' {
  interface Session extends Declared {
    /** Stores the session now. Rejects with `SessionInterruptedError` if it was ended meanwhile. */
    save(): Promise<void>;
    /** Reads the session again; `req.session` is another object afterwards. */
    reload(): Promise<void>;
    /** Ends the session and puts a new, empty one under a new id on `req.session`; resolves to that. To sign in, call `login`. */
    regenerate(): Promise<this>;
    /** Gives the session a new id and keeps everything else, this object included. Call it when a session gains rights. */
    rotate(): Promise<void>;
    /**
     * Changes the session depending on its data: runs `change(session)` on the newest data and stores it, and runs it again if another
     * request was first. Resolves to what `change` returned. See `SessionStore.update`.
     */
    update<T>(change: (session: this) => T | PromiseLike<T>): Promise<T>;
    /** Ends the session, and tells the browser to drop its cookie. */
    destroy(): Promise<void>;
    /**
     * Signs a user in: a new id, a new row and new deadlines for the same session object. Sets `session.userId`. The data of a visitor is
     * kept, the data of another user is not. See `SessionStore.login`.
     */
    login(userId: string | number, options?: LoginOptions): Promise<void>;
    /** Signs out: ends the session, and tells the browser to drop its cookie. */
    logout(options?: LogoutOptions): Promise<void>;
    /** When the user of this session signed in by `login`; no rotation or renewal moves it. */
    readonly authenticatedAt: Date | undefined;
    /** How strong that sign-in was: the `level` of `login`. */
    readonly level: number | undefined;
    /** The public name of the session: 32 hexadecimal digits, the same for its whole life, useless as a credential. */
    readonly handle: string | undefined;
  }
}
