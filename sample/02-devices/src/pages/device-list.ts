import type { Device } from '../devices/devices.service.js';
import { html, type Html } from '../html.js';

/** The devices of one user, as he sees them. */
export const deviceList = (devices: readonly Device[], handle: string): Html =>
  html`<section data-list="/devices" aria-labelledby="devices">
    <div class="head">
      <h2 id="devices" tabindex="-1" aria-describedby="notice">Where you are signed in</h2>
      ${
        devices.some((device) => device.handle !== handle)
          ? html`<form method="post" action="/devices/end-others">
              <button class="primary" id="end-others">Sign out all others</button>
            </form>`
          : ''
      }
    </div>
    <ul class="devices">
      ${devices.map((device) =>
        device.handle === handle
          ? deviceItem(device, html`<span class="mark">This device</span>`)
          : deviceItem(device, device.isNew ? html`<span class="mark new">New</span>` : '', [
              ...(device.isNew ? [action(device, '/devices/know', 'I know it', `I know it: ${device.name}`)] : []),
              action(device, '/devices/end', 'Sign out', `Sign out ${device.name}`),
            ]),
      )}
    </ul>
    <p class="quiet">The browser and the system are what the device says of itself. The place is the first part of its address.</p>
  </section>`;

/** One device. */
export const deviceItem = (device: Device, mark: Html | '' = '', actions: readonly Html[] = []): Html =>
  html`<li class="device" data-handle="${device.handle}">
    ${device.isHandheld ? handheld : desktop}
    <div>
      <h3>${device.name} ${mark}</h3>
      <p id="about-${device.handle}">${device.place} · last seen ${ago(device.lastSeenAt)} · signed in ${ago(device.signedInAt)}</p>
    </div>
    ${actions.length > 0 ? html`<div class="actions">${actions}</div>` : ''}
  </li>`;

/** A button that says by its label which device it is for; `fields` go along with the handle. */
export const action = (device: Device, path: string, words: string, label: string, fields: Record<string, string> = {}): Html =>
  html`<form method="post" action="${path}">
    ${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
    <button
      id="${path.slice(1).replace('/', '-')}-${device.handle}"
      name="handle"
      value="${device.handle}"
      aria-label="${label}"
      aria-describedby="about-${device.handle}"
    >
      ${words}
    </button>
  </form>`;

const outline = (path: string): Html => html`<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${path}" /></svg>`;
const desktop = outline('M5 5h14v10H5zM2.5 19h19l-2.5-4H5z');
const handheld = outline('M8 2.5h8a1 1 0 0 1 1 1v17a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1v-17a1 1 0 0 1 1-1zM11 18.5h2');

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

function ago(date: Date | undefined): Html {
  if (!date) return html`at an unknown time`;
  return html`<time datetime="${date.toISOString()}">${inWords(Math.round((Date.now() - date.getTime()) / 60_000))}</time>`;
}

function inWords(minutes: number): string {
  if (minutes < 1) return 'just now';
  if (minutes < 60) return relative.format(-minutes, 'minute');
  return minutes < 24 * 60 ? relative.format(-Math.floor(minutes / 60), 'hour') : relative.format(-Math.floor(minutes / 60 / 24), 'day');
}
