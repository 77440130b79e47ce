/** What the command line may say of the Node.js of each store's process. */
export const NODE_FLAG_OPTIONS = { 'cpu-prof': { type: 'string' }, 'node-flags': { type: 'string' } };

/** The flags for it: `--cpu-prof` names a folder for profiles, `--node-flags` has flags with spaces between. */
export function nodeFlagsOf({ 'cpu-prof': folder, 'node-flags': flags }) {
  return [...(folder ? ['--cpu-prof', `--cpu-prof-dir=${folder}`] : []), ...(flags ? flags.split(' ') : [])];
}
