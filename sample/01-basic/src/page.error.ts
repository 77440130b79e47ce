import { html, type Html } from './html.js';
import { document } from './page.document.js';

/** A page that says what went wrong, and shows the way back. */
export const errorPage = (title: string, message: string): Html =>
  document(
    title,
    html`<main class="alone">
      <section>
        <h1>${title}</h1>
        <p>${message}</p>
        <p><a class="button" href="/">Back to the shop</a></p>
      </section>
    </main>`,
  );
