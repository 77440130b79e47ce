import { parseArgs } from 'node:util';
import { finish } from '../report/finish.mjs';
import { measureHeap } from './measure-heap.mjs';

const { values } = parseArgs({ options: { sessions: { type: 'string', default: process.env.BENCH_MEMORY_SESSIONS ?? '100000' } } });
await finish('memory', await measureHeap(Number(values.sessions)));
