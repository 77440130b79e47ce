/** The same application without sessions: the floor under all of them. */
export const NO_SESSION = { name: 'no-session', title: 'no session', databases: ['memory'] };
