import { Html } from '../html.js';

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
  --warn: light-dark(#9a3412, #ffb38a);
  --warn-tint: light-dark(#fbeadf, #3a2618);
}
* { box-sizing: border-box; margin: 0; }
body {
  max-width: 56rem; margin: auto; padding: 2rem 1.25rem;
  background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif;
}
h1 { font: 600 2.25rem/1.2 Georgia, 'Times New Roman', serif; letter-spacing: -0.01em; }
h2 { font: 600 1.2rem/1.3 Georgia, 'Times New Roman', serif; }
h3 { font-size: 1rem; }
ul { list-style: none; padding: 0; }
a { color: var(--accent); }
.quiet { color: var(--quiet); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }

button, input, .button { font: inherit; color: inherit; border: 1px solid var(--line); border-radius: 0.6rem; padding: 0.4rem 0.9rem; background: var(--card); min-height: 2.75rem; }
button, .button { cursor: pointer; font-weight: 600; }
.button { display: inline-flex; align-items: center; text-decoration: none; }
button:hover, .button:hover { border-color: var(--accent); color: var(--accent); }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
button.primary:hover { filter: brightness(1.1); }
input { width: 100%; border-color: var(--quiet); }

header { display: flex; flex-wrap: wrap; gap: 0.75rem 2rem; align-items: center; justify-content: space-between; margin-bottom: 1.5rem; }
header p { color: var(--quiet); }
header p strong { color: var(--ink); }
header .account { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: center; }
nav { display: flex; flex-wrap: wrap; gap: 0 1.5rem; margin-bottom: 1.25rem; border-bottom: 1px solid var(--line); }
nav a { display: inline-flex; align-items: center; min-height: 2.75rem; min-width: 2.75rem; color: inherit; text-decoration: none; border-bottom: 3px solid transparent; }
nav a:hover { color: var(--accent); }
nav a[aria-current] { border-color: var(--accent); font-weight: 600; }

.notice { padding: 0.65rem 1.1rem; border-radius: 0.8rem; background: var(--tint); }
.notice:empty { display: none; }
.fault { color: var(--warn); font-weight: 600; }

main, .everybody { display: grid; gap: 1.25rem; grid-template-columns: minmax(0, 1fr); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 1rem; padding: 1.25rem 1.4rem 1.4rem; }
section > .head { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; justify-content: space-between; min-height: 2.75rem; }
section > .quiet { margin-top: 0.5rem; font-size: 0.9rem; }

.device { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: 0.25rem 1rem; align-items: center; padding: 1rem 0; border-top: 1px solid var(--line); }
.devices { margin-top: 0.75rem; }
.device svg { width: 2.75rem; height: 2.75rem; padding: 0.55rem; border-radius: 0.7rem; background: var(--tint); fill: none; stroke: var(--accent); stroke-width: 1.4; stroke-linecap: round; stroke-linejoin: round; }
.device h3 { display: flex; flex-wrap: wrap; gap: 0.15rem 0.6rem; align-items: center; }
.device p { color: var(--quiet); font-size: 0.9rem; }
.device .actions { display: flex; flex-wrap: wrap; gap: 0.5rem; justify-content: end; }
.mark { font-size: 0.8rem; line-height: 1.5; padding: 0 0.6rem; border-radius: 1rem; background: var(--tint); color: var(--accent); }
.mark.new { background: var(--warn-tint); color: var(--warn); }

.form { max-width: 27rem; width: 100%; margin: 0 auto; }
.form h1 { font-size: 1.7rem; margin-bottom: 0.75rem; }
.form .notice { margin-bottom: 0.75rem; }
.form form { display: grid; gap: 0.4rem; margin-top: 0.75rem; }
.form label { font-weight: 600; margin-top: 0.4rem; }
.form .button { margin-top: 1rem; }
.form button { margin-top: 0.9rem; }
.form .quiet { font-size: 0.9rem; }
table { border-collapse: collapse; margin-top: 0.5rem; }
th, td { text-align: left; padding: 0.15rem 1.25rem 0.15rem 0; font-weight: normal; }
code { font: 0.9rem/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace; }

footer { margin: 1.75rem 0.25rem 0; color: var(--quiet); font-size: 0.9rem; }

@media (max-width: 34rem) {
  .device { grid-template-columns: auto minmax(0, 1fr); }
  .device .actions { grid-column: 2; justify-content: start; margin-top: 0.4rem; }
}
`);
