// Ends the servers of a script and removes its folder, when the script says so or is gone, by whatever way.
// Reads "<pid> <signal>" for a server that started and "<pid>" for one that ended; the end of the input is the end of the script.
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

const folder = process.argv[2];
const servers = new Map();
for await (const line of createInterface({ input: process.stdin })) {
  const [pid, signal] = line.split(' ');
  if (signal) servers.set(Number(pid), signal);
  else servers.delete(Number(pid));
}

for (const [pid, signal] of servers) {
  send(pid, signal);
  // One that a test had put to sleep hears nothing else.
  send(pid, 'SIGCONT');
}
for (let tries = 0; tries < 50 && [...servers.keys()].some((pid) => send(pid, 0)); tries++) await setTimeout(100);
for (const pid of servers.keys()) send(pid, 'SIGKILL');
rmSync(folder, { recursive: true, force: true, maxRetries: 10 });

/** Each server leads a process group of its own. */
function send(pid, signal) {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
