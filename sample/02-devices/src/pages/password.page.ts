import { html, type Html } from '../html.js';
import type { User } from '../users/user.entity.js';
import { memberPage } from './document.js';

/** Asks for the new password. */
export const passwordPage = (user: User, { shortest, fault }: { shortest: number; fault?: string }): Html =>
  memberPage(
    { user, path: '/password', title: 'Your password' },
    html`<section class="form" aria-labelledby="change">
      <h2 id="change">Change it</h2>
      <p class="quiet" id="hint">At least ${shortest} characters. Your other devices will be signed out.</p>
      <form method="post" action="/password">
        ${nameFor(user)}
        <label for="password">New password</label>
        ${fault ? html`<p class="fault" id="fault" role="alert">${fault}</p>` : ''}
        <input
          id="password"
          name="password"
          type="password"
          required
          minlength="${shortest}"
          maxlength="200"
          autocomplete="new-password"
          aria-describedby="${fault ? 'fault hint' : 'hint'}"
          autofocus
        />
        <button class="primary">Change the password</button>
      </form>
    </section>`,
  );

/** Asks for the password that is valid now. */
export const confirmPage = (user: User, fault?: string): Html =>
  memberPage(
    { user, path: '/password', title: 'Is it you?' },
    html`<section class="form" aria-labelledby="confirm">
      <h2 id="confirm">Your password, please</h2>
      <p class="quiet" id="hint">You signed in some time ago. What comes next needs a fresh sign-in.</p>
      <form method="post" action="/confirm">
        ${nameFor(user)}
        <label for="password">Password</label>
        ${fault ? html`<p class="fault" id="fault" role="alert">${fault}</p>` : ''}
        <input
          id="password"
          name="password"
          type="password"
          required
          maxlength="200"
          autocomplete="current-password"
          aria-describedby="${fault ? 'fault hint' : 'hint'}"
          autofocus
        />
        <button class="primary">Go on</button>
      </form>
    </section>`,
  );

/** For password managers, which want to know whose password it is. */
const nameFor = ({ name }: User): Html => html`<input value="${name}" autocomplete="username" readonly hidden />`;
