import { finish } from '../report/finish.mjs';
import { measureStores } from './measure-stores.mjs';
import { readOptions } from './options.mjs';

await finish('store', await measureStores(readOptions()));
