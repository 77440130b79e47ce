import type { Session, SessionModuleOptions } from 'nestjs-typeorm-session';

/** What this application keeps in a session; `@Session()` and `req.session` know it from here. */
declare module 'nestjs-typeorm-session' {
  interface SessionData {
    userId: string;
    /** One sentence for the next page that this browser is shown. */
    notice: string;
  }
}

export const sessionOptions: SessionModuleOptions = {
  secret: process.env.SESSION_SECRET ?? 'the public secret of a sample: set SESSION_SECRET to a private one',
  metadata: { ip: 'prefix' }, // where a session was used: enough to recognise a place, too little to find a door
  maxSessionsPerUser: 5, // the sign-in on a sixth device signs out the oldest
  touchInterval: '1m', // how exact "last seen" is
  csrf: true,
};

/** How recent the password must be for what a borrowed device must not do. */
export const fresh = '5m';

/** The sentence that was left for this page; it is shown once. */
export function takeNotice(session: Session): string {
  const { notice = '' } = session;
  delete session.notice;
  return notice;
}
