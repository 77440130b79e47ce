import type { Device } from '../devices/devices.service.js';
import { html, type Html } from '../html.js';
import type { User } from '../users/user.entity.js';
import { action, deviceItem } from './device-list.js';
import { memberPage } from './document.js';

export interface UserRow {
  readonly user: User;
  readonly devices: readonly Device[];
  readonly count: number;
}

export const adminPage = (user: User, rows: readonly UserRow[], handle: string, notice: string): Html =>
  memberPage({ user, path: '/admin', title: 'Everybody', notice }, everybodyList(rows, handle));

/** All users with their devices. */
export const everybodyList = (rows: readonly UserRow[], handle: string): Html =>
  html`<div class="everybody" data-list="/admin/devices">${rows.map((row) => userSection(row, handle))}</div>`;

const userSection = ({ user, devices, count }: UserRow, handle: string): Html =>
  html`<section aria-labelledby="user-${user.id}">
    <div class="head">
      <h2 id="user-${user.id}" tabindex="-1" aria-describedby="notice">
        ${user.name}: ${count === 0 ? 'signed out' : count === 1 ? 'one device' : `${count} devices`}
      </h2>
      ${
        devices.some((device) => device.handle !== handle)
          ? html`<form method="post" action="/admin/end-all">
              <button id="end-all-${user.id}" name="userId" value="${user.id}" aria-label="Sign out everywhere: ${user.name}">
                Sign out everywhere
              </button>
            </form>`
          : ''
      }
    </div>
    ${
      devices.length > 0
        ? html`<ul class="devices">
            ${devices.map((device) =>
              device.handle === handle
                ? deviceItem(device, html`<span class="mark">This device</span>`)
                : deviceItem(device, '', [
                    action(device, '/admin/end', 'Sign out', `Sign out ${device.name} of ${user.name}`, { userId: user.id }),
                  ]),
            )}
          </ul>`
        : ''
    }
  </section>`;
