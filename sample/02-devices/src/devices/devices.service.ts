import { Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { SessionStore, type SessionInfo } from 'nestjs-typeorm-session';
import type { Repository } from 'typeorm';
import { type DeviceName, deviceName } from './device-name.js';
import { NewDevice } from './new-device.entity.js';

export interface Device extends DeviceName {
  readonly handle: string;
  /** The first part of the address that it had at its sign-in. */
  readonly place: string;
  readonly signedInAt: Date | undefined;
  readonly lastSeenAt: Date | undefined;
  readonly isNew: boolean;
}

@Injectable()
export class DevicesService {
  private readonly logger = new Logger(DevicesService.name);
  /** The marks that are being written; a list waits for them, so that it shows the device that it was asked for. */
  private written: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly sessions: SessionStore,
    @InjectRepository(NewDevice) private readonly newDevices: Repository<NewDevice>,
  ) {
    sessions.on('signedIn', ({ userId, handle, isNewDevice }) => {
      if (isNewDevice && userId && handle) this.note(this.markAsNew(userId, handle));
    });
    sessions.on('destroyed', ({ handle }) => {
      if (handle) this.note(newDevices.delete({ handle }));
    });
  }

  /** Where this user is signed in, the newest first. */
  async list(userId: string): Promise<Device[]> {
    await this.written;
    const [sessions, marks] = await Promise.all([this.sessions.list({ userId }), this.newDevices.findBy({ userId })]);
    const handles = new Set(marks.map(({ handle }) => handle));
    return sessions.map((session) => toDevice(session, handles.has(session.handle)));
  }

  /** Takes the mark "new" away, if the device is this user's. */
  async know(handle: string, userId: string): Promise<void> {
    await this.newDevices.delete({ handle, userId });
  }

  /** Where nobody is signed in on another device, there is nobody to warn. */
  private async markAsNew(userId: string, handle: string): Promise<void> {
    if ((await this.sessions.count({ userId })) > 1) await this.newDevices.upsert({ userId, handle }, ['handle']);
  }

  /** A listener has nobody who waits for it: what fails is only logged. */
  private note(written: Promise<unknown>): void {
    const logged = written.catch((error: unknown) => this.logger.error(error));
    this.written = Promise.all([this.written, logged]);
  }
}

/** The prefixes of 127.0.0.1 and ::1. */
const loopback: ReadonlySet<string> = new Set(['127.0.0.0/24', '::/48']);

const toDevice = ({ handle, userAgent, ipAddress, createdAt, lastSeenAt }: SessionInfo, isNew: boolean): Device => ({
  handle,
  ...deviceName(userAgent),
  place: ipAddress === undefined ? 'an unknown address' : loopback.has(ipAddress) ? 'this computer' : ipAddress,
  signedInAt: createdAt,
  lastSeenAt,
  isNew,
});
