import { setTimeout } from 'node:timers/promises';
import { numbersIn } from './app.mjs';
import { Browser } from './browser.mjs';
import { Ledger } from './ledger.mjs';
import { until, assert } from './until.mjs';

/** The pause of a browser between two things that it does. */
const PAUSE_MS = 20;

/** Many browsers, busy until they are told to stop, and a guest that does only what a script says. */
export class Crowd {
  ledger = new Ledger();
  isOver = false;

  constructor(size, pick) {
    const busy = Array.from({ length: size }, (_, index) => new Browser(`browser-${index}`, this.ledger, pick));
    this.guest = new Browser('guest', this.ledger, pick);
    this.browsers = [...busy, this.guest];
    this.running = Promise.all(busy.map((browser) => this.run(browser)));
  }

  async run(browser) {
    while (!this.isOver) {
      await browser.act();
      await setTimeout(PAUSE_MS * Math.random());
    }
  }

  async stop() {
    this.isOver = true;
    await this.running;
  }

  /** Compares what all browsers were told with what they are told now, and with what the table holds. */
  async compare(table) {
    const live = this.browsers.filter(({ session }) => session.cookie);
    await Promise.all(live.map((browser) => until('all are answered', async () => assert(await browser.look(), 'refused'))));
    const rows = await readTable(table);
    for (const browser of this.browsers) browser.compare((id) => rows.get(id));
    const unknown = this.browsers.flatMap(({ past }) => past.filter(({ state }) => state === 'unknown')).length;
    const most = live.length + unknown + this.ledger.unheard;
    if (rows.size > most) this.ledger.wrong.push(`the table holds ${rows.size} sessions, and at most ${most} were asked for`);
    return { sessions: live.length, rows: rows.size };
  }
}

/** The numbers of all rows by their ids; `query` runs SQL on a database of its own choice. */
async function readTable(query) {
  const rows = await query('SELECT id, data FROM sessions');
  return new Map(rows.map(({ id, data }) => [id, numbersIn(JSON.parse(data))]));
}
