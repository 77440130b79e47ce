import type { Session, SessionInfo } from 'nestjs-typeorm-session';
import { html, type Html } from './html.js';
import { script } from './page.script.js';
import { cartPanel, shopPanel } from './page.shop.js';
import { lifePanel, rowPanel } from './page.session.js';
import { styles } from './page.styles.js';

/** The one page of the shop, for this session and the row that it lies in. */
export function page(session: Session, row?: SessionInfo): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Corner shop – a session sample</title>
        <link rel="icon" href="data:," />
        <style>
          ${styles}
        </style>
      </head>
      <body>
        <header>
          <div>
            <h1>Corner shop</h1>
            <p>${greeting(session)}</p>
          </div>
          ${session.userId ? signOut(session.userId) : signIn}
        </header>
        <main>
          ${shopPanel}
          <div class="side">${cartPanel(session.cart ?? {})} ${row ? lifePanel(row) : ''}</div>
          ${row ? rowPanel(session, row) : ''}
        </main>
        <footer>
          Stop the server and start it again: everything on this page is still here. It lies in one SQLite file; the browser holds a signed
          id and nothing else.
        </footer>
        <script>
          ${script};
        </script>
      </body>
    </html>`;
}

const greeting = ({ visits = 0 }: Session): Html =>
  html`You have seen this page <strong data-testid="visits">${visits}</strong> ${visits === 1 ? 'time' : 'times'} in this session.`;

const signIn = html`<form class="account" method="post" action="/sign-in">
  <label for="name">Your name</label>
  <input id="name" name="name" required maxlength="40" autocomplete="username" placeholder="Ada" />
  <button class="primary">Sign in</button>
</form>`;

const signOut = (name: string): Html =>
  html`<form class="account" method="post" action="/sign-out">
    <span>Signed in as <strong data-testid="user">${name}</strong></span>
    <button>Sign out</button>
  </form>`;
