import { html, type Html } from '../html.js';
import { document } from './document.js';

/** A page that says what went wrong, and shows the way back. */
export const errorPage = (title: string, message: string): Html =>
  document(
    title,
    html`<main>
      <section class="form">
        <h1>${title}</h1>
        <p>${message}</p>
        <p><a class="button" href="/">Back to your devices</a></p>
      </section>
    </main>`,
  );
