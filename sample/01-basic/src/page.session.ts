import type { Session, SessionInfo } from 'nestjs-typeorm-session';
import { html, type Html } from './html.js';
import { lifetime } from './session.js';

/** How long the session lives; the script of the page counts on from here. */
export function lifePanel({ createdAt, expiresAt }: SessionInfo): Html {
  if (!createdAt || !expiresAt) return html``;
  const end = new Date(createdAt.getTime() + lifetime.absoluteTimeout);
  return html`<section class="life" aria-labelledby="life">
    <h2 id="life">How long it lives</h2>
    ${countdown('Without a request, it ends in', expiresAt, lifetime.idleTimeout)}
    ${countdown('Whatever happens, it ends in', end, lifetime.absoluteTimeout)}
    <p class="quiet">Each request starts the first clock anew. Nothing moves the second.</p>
  </section>`;
}

function countdown(label: string, end: Date, ofMs: number): Html {
  const seconds = Math.max(0, Math.round((end.getTime() - Date.now()) / 1000));
  return html`<p class="countdown">
    ${label}
    <time datetime="${end.toISOString()}" data-seconds="${seconds}">${inWords(seconds)}</time>
    <progress value="${seconds}" max="${ofMs / 1000}" aria-hidden="true"></progress>
  </p>`;
}

const inWords = (seconds: number): string =>
  seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;

/** What the database knows of the session: everything but its id, which only the browser has. */
export function rowPanel(session: Session, row: SessionInfo): Html {
  const columns: readonly (readonly [string, string | Html])[] = [
    ['id', html`<span class="quiet">a hash of what the cookie holds; not shown to anybody</span>`],
    ['handle', row.handle],
    ['user_id', row.userId ?? empty],
    ['created_at', clock(row.createdAt)],
    ['last_seen_at', clock(row.lastSeenAt)],
    ['expires_at', clock(row.expiresAt)],
    ['data', html`<pre>${JSON.stringify(session, null, 2)}</pre>`],
  ];
  return html`<section class="row" aria-labelledby="row">
    <h2 id="row">What its row holds</h2>
    <dl>
      ${columns.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd data-testid="${name}">${value}</dd>
          </div>`,
      )}
    </dl>
  </section>`;
}

const empty = html`<span class="quiet">null</span>`;

const clock = (date: Date | undefined): Html => (date ? html`<time>${date.toISOString().slice(0, 19).replace('T', ' ')}Z</time>` : empty);
