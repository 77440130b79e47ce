import { Html } from './html.js';

export const styles = new Html(`
:root {
  color-scheme: light dark;
  --paper: light-dark(#f5f3ee, #14171a);
  --card: light-dark(#fffefb, #1c2125);
  --line: light-dark(#e3ded3, #30373d);
  --ink: light-dark(#22262a, #e8e6e1);
  --quiet: light-dark(#66686a, #a3a7aa);
  --accent: light-dark(#0c6b5d, #63cdb8);
  --on-accent: light-dark(#ffffff, #0d1f1c);
  --tint: light-dark(#e4f0ec, #1f3430);
}
* { box-sizing: border-box; margin: 0; }
body {
  max-width: 68rem; margin: auto; padding: 2rem 1.25rem;
  background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif;
}
h1 { font: 600 2.25rem/1.2 Georgia, 'Times New Roman', serif; letter-spacing: -0.01em; }
h2 { font: 600 1.2rem/1.3 Georgia, 'Times New Roman', serif; margin-bottom: 1rem; }
h3 { font-size: 1rem; }
ul { list-style: none; padding: 0; }
.quiet { color: var(--quiet); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }

button, input, .button { font: inherit; color: inherit; border: 1px solid var(--line); border-radius: 0.6rem; padding: 0.4rem 0.9rem; background: var(--card); min-height: 2.75rem; }
button, .button { cursor: pointer; font-weight: 600; scroll-margin-block: 40vh; }
.button { display: inline-flex; align-items: center; text-decoration: none; }
button:hover, .button:hover { border-color: var(--accent); color: var(--accent); }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
button.primary:hover { filter: brightness(1.1); }

header { display: flex; flex-wrap: wrap; gap: 1rem 2rem; align-items: center; justify-content: space-between; margin-bottom: 2rem; }
header p { color: var(--quiet); }
header p strong { color: var(--accent); }
.account { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: center; }
.account input { width: 9rem; }

main { display: grid; gap: 1.25rem; grid-template-columns: minmax(0, 1fr); align-items: start; }
.side { display: grid; gap: inherit; grid-template-columns: minmax(0, 1fr); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 1rem; padding: 1.25rem 1.4rem 1.4rem; }
svg { fill: none; stroke: var(--accent); stroke-width: 1.4; stroke-linecap: round; stroke-linejoin: round; background: var(--tint); }

.shop ul { display: grid; gap: 1.25rem; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); }
.shop li { display: flex; flex-direction: column; }
.shop svg { height: 6.5rem; padding: 1.5rem; border-radius: 0.8rem; margin-bottom: 0.7rem; }
.shop p { color: var(--quiet); font-size: 0.9rem; flex: 1; }
.shop .taken { color: var(--accent); font-weight: 600; flex: none; min-height: 1.5em; }
.shop form { display: flex; align-items: center; justify-content: space-between; margin-top: 0.6rem; }

.cart li { display: flex; align-items: center; gap: 0.4rem; padding: 0.5rem 0; border-bottom: 1px solid var(--line); }
.cart svg { width: 2.25rem; height: 2.25rem; padding: 0.5rem; border-radius: 0.6rem; flex: none; }
.cart .name { flex: 1; font-weight: 600; }
.cart .step { width: 2.75rem; padding: 0; line-height: 1; }
.cart .quantity { min-width: 1.4rem; text-align: center; }
.cart .price { min-width: 4rem; text-align: right; }
.cart .price, .cart .quantity, .total, .countdown time { font-variant-numeric: tabular-nums; }
.total { display: flex; justify-content: space-between; align-items: baseline; padding-top: 0.9rem; }
.total strong { font-size: 1.25rem; }

.countdown { display: flex; flex-wrap: wrap; justify-content: space-between; margin-bottom: 1.1rem; }
.countdown time { font-weight: 600; }
progress { flex-basis: 100%; appearance: none; height: 0.45rem; border: 0; border-radius: 1rem; overflow: hidden; background: var(--tint); margin-top: 0.35rem; }
progress::-webkit-progress-bar { background: var(--tint); }
progress::-webkit-progress-value { background: var(--accent); }
progress::-moz-progress-bar { background: var(--accent); }
.life .quiet { font-size: 0.9rem; }

.row div { display: grid; grid-template-columns: 7.5rem minmax(0, 1fr); gap: 0.75rem; padding: 0.35rem 0; border-top: 1px solid var(--line); }
.row div:first-child { border-top: 0; }
.row dt, .row dd { font: 0.85rem/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace; overflow-wrap: anywhere; }
.row dt { color: var(--quiet); }
.row pre { font: inherit; white-space: pre-wrap; }

.bar {
  position: sticky; bottom: 0.75rem; z-index: 1; display: flex; flex-wrap: wrap; gap: 0 1rem; align-items: center; justify-content: space-between; margin-top: 1.25rem;
  padding: 0.35rem 1.1rem; border-radius: 0.9rem; background: var(--accent); color: var(--on-accent); font-weight: 600;
}
.bar a { color: inherit; display: inline-flex; align-items: center; min-height: 2.75rem; }
.bar a:focus-visible { outline-color: currentColor; }
.bar.empty { position: absolute; width: 1px; height: 1px; padding: 0; margin: 0; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.bar.empty a { display: none; }

.alone { max-width: 34rem; margin: 12vh auto 0; }
.alone p { margin-top: 1rem; }

footer { margin: 1.75rem 0.25rem 0; color: var(--quiet); font-size: 0.9rem; }

@media (max-width: 26rem) {
  .cart svg { display: none; }
  .row div { grid-template-columns: minmax(0, 1fr); gap: 0; }
}
@media (min-width: 54rem) {
  .bar { position: absolute; width: 1px; height: 1px; padding: 0; margin: 0; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .bar a { display: none; }
  main { grid-template-columns: minmax(0, 1fr) 25rem; }
  .shop ul { grid-template-columns: repeat(3, minmax(0, 1fr)); }
  .row { grid-column: 1 / -1; }
  .row dl { display: grid; grid-template-columns: minmax(0, 4fr) minmax(0, 3fr); column-gap: 3rem; align-items: start; }
  .row div:last-child { grid-area: 1 / 2 / span 7; grid-template-columns: 3rem minmax(0, 1fr); border-top: 0; }
}
`);
