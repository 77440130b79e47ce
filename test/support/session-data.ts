import 'express-session';

declare module 'express-session' {
  /** What the sessions of the tests hold. */
  interface SessionData {
    views: number;
    locale: string;
    theme: string;
  }
}
