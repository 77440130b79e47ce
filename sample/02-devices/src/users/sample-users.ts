/** Who is there from the start. The page for signing in shows these, because this is a sample. */
export const sampleUsers = [
  { name: 'ada', password: 'analytical engine', isAdministrator: false },
  { name: 'grace', password: 'nanosecond of wire', isAdministrator: false },
  { name: 'admin', password: 'keys to the house', isAdministrator: true },
] as const;
