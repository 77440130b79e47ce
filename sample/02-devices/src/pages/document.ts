import { html, type Html } from '../html.js';
import type { User } from '../users/user.entity.js';
import { script } from './script.js';
import { styles } from './styles.js';

/** The frame of every page. */
export const document = (title: string, body: Html): Html =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} – a session sample</title>
        <link rel="icon" href="data:," />
        <style>
          ${styles}
        </style>
      </head>
      <body>
        ${body}
      </body>
    </html>`;

export interface MemberPage {
  readonly user: User;
  /** Its address, which the navigation marks. */
  readonly path: '/' | '/password' | '/admin';
  readonly title: string;
  readonly notice?: string;
}

/** A page for somebody who is signed in: navigation, the notice, and the script that listens. */
export const memberPage = ({ user, path, title, notice = '' }: MemberPage, content: Html): Html =>
  document(
    title,
    html`<header>
        <h1>${title}</h1>
        <form class="account" method="post" action="/sign-out">
          <p>Signed in as <strong data-testid="user">${user.name}</strong></p>
          <button>Sign out</button>
        </form>
      </header>
      <nav aria-label="Pages">
        ${link('/', 'Devices', path)} ${link('/password', 'Password', path)}
        ${user.isAdministrator ? link('/admin', 'Everybody', path) : ''}
      </nav>
      <p class="unseen" id="status" role="status"></p>
      <main>
        <p class="notice" id="notice">${notice}</p>
        ${content}
      </main>
      <footer>Open this page in a second browser, or in a private window, and sign in there, too.</footer>
      <script>
        ${script};
      </script>`,
  );

const link = (href: string, words: string, path: string): Html =>
  href === path ? html`<a href="${href}" aria-current="page">${words}</a>` : html`<a href="${href}">${words}</a>`;
