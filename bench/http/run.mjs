import { finish } from '../report/finish.mjs';
import { measureRequests } from './measure-requests.mjs';
import { readOptions } from './options.mjs';

await finish('http', await measureRequests(readOptions()));
