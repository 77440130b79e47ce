import type { Device } from '../devices/devices.service.js';
import type { Html } from '../html.js';
import type { User } from '../users/user.entity.js';
import { deviceList } from './device-list.js';
import { memberPage } from './document.js';

export const devicesPage = (user: User, devices: readonly Device[], handle: string, notice: string): Html =>
  memberPage({ user, path: '/', title: 'Your devices', notice }, deviceList(devices, handle));
