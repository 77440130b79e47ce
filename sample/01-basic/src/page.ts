import type { Session, SessionInfo } from 'nestjs-typeorm-session';
import { html, type Html } from './html.js';
import { document } from './page.document.js';
import { script } from './page.script.js';
import { cartPanel, cartStatus, shopPanel } from './page.shop.js';
import { lifePanel, rowPanel } from './page.session.js';

/** The one page of the shop, for this session and the row that it lies in. */
export function page(session: Session, row?: SessionInfo): Html {
  const cart = session.cart ?? {};
  return document(
    'Corner shop',
    html`<header>
        <div>
          <h1>Corner shop</h1>
          <p>${greeting(session)}</p>
        </div>
        ${session.userId ? signOut(session.userId) : signIn}
      </header>
      <main>
        ${shopPanel(cart)}
        <div class="side">${cartPanel(cart)} ${row ? lifePanel(row) : ''}</div>
        ${row ? rowPanel(session, row) : ''}
      </main>
      ${cartStatus(cart)}
      <footer>
        Stop the server and start it again: everything on this page is still here. It lies in one SQLite file; the browser holds a signed id
        and nothing else.
      </footer>
      <script>
        ${script};
      </script>`,
  );
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
