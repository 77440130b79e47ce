import { html, type Html } from '../html.js';
import { sampleUsers } from '../users/sample-users.js';
import { document } from './document.js';

export interface SignInPage {
  readonly name?: string;
  readonly notice?: string;
  readonly fault?: string;
}

export const signInPage = ({ name = '', notice = '', fault }: SignInPage): Html =>
  document(
    'Sign in',
    html`<main>
      <section class="form" aria-labelledby="sign-in">
        <h1 id="sign-in">Sign in</h1>
        <p class="notice" role="status">${notice}</p>
        <form method="post" action="/sign-in">
          ${fault ? html`<p class="fault" id="fault" role="alert">${fault}</p>` : ''}
          <label for="name">Name</label>
          <input
            id="name"
            name="name"
            value="${name}"
            required
            maxlength="200"
            autocomplete="username"
            autocapitalize="none"
            ${on(!fault)}
          />
          <label for="password">Password</label>
          <input
            id="password"
            name="password"
            type="password"
            required
            maxlength="200"
            autocomplete="current-password"
            ${fault ? html`aria-describedby="fault"` : ''}
            ${on(Boolean(fault))}
          />
          <button class="primary">Sign in</button>
        </form>
      </section>
      <section class="form" aria-labelledby="who">
        <h2 id="who">Users of this sample</h2>
        <table>
          <thead class="unseen">
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Password from the start</th>
            </tr>
          </thead>
          <tbody>
            ${sampleUsers.map(
              (user) =>
                html`<tr>
                  <th scope="row">${user.name}</th>
                  <td><code>${user.password}</code></td>
                </tr>`,
            )}
          </tbody>
        </table>
      </section>
    </main>`,
  );

const on = (here: boolean): Html => (here ? html`autofocus` : html``);
