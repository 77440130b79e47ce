import { parseArgs } from 'node:util';
import { finish } from '../report/finish.mjs';
import { measureTouches } from './measure-touches.mjs';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: process.env.BENCH_SCALE_ROWS ?? '1000000' },
    touches: { type: 'string', default: process.env.BENCH_SCALE_TOUCHES ?? '1000000' },
  },
});
await finish('scale', await measureTouches(Number(values.rows), Number(values.touches)));
