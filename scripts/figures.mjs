/**
 * Measures the package and writes the figures into the README: the size of its tarball, and the CPU time of its import where
 * Nest and TypeORM are loaded already. The time is the shortest of several, which other work on the machine disturbs least.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const RUNS = 25;
const root = fileURLToPath(new URL('..', import.meta.url));
const entry = pathToFileURL(join(root, 'dist/index.mjs')).href;
const PEERS = ['reflect-metadata', '@nestjs/common', '@nestjs/core', '@nestjs/typeorm', '@nestjs/websockets', 'typeorm', 'express-session'];

execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: root, stdio: 'inherit' });
const packed = execFileSync('npm', ['pack', './dist', '--dry-run', '--json'], {
  cwd: root,
  encoding: 'utf8',
  shell: process.platform === 'win32',
});
const [{ size }] = JSON.parse(packed.slice(packed.indexOf('[')));

const program = `
  ${PEERS.map((peer) => `await import('${peer}');`).join('\n  ')}
  const started = process.cpuUsage();
  await import('${entry}');
  const { user, system } = process.cpuUsage(started);
  console.log((user + system) / 1_000);
`;
const time = () => Number(execFileSync(process.execPath, ['--input-type=module', '--eval', program], { cwd: root, encoding: 'utf8' }));
const fastest = Math.min(...Array.from({ length: RUNS }, time));

const readme = join(root, 'README.md');
const figures = `${Math.round(size / 1_000)} kB packed, imports in ${Math.round(fastest)} ms`;
const before = readFileSync(readme, 'utf8');
const after = before.replace(/\d+ kB packed, imports in \d+ ms/, figures);
if (!after.includes(figures)) throw new Error('README.md has lost its sentence "… kB packed, imports in … ms".');
writeFileSync(readme, after);
console.log(figures);
