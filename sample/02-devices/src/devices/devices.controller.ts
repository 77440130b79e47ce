import { Body, Controller, Get, Post, Redirect, Sse, UseGuards } from '@nestjs/common';
import { RequireSession, Session, SessionHandle, SessionStore } from 'nestjs-typeorm-session';
import { deviceList } from '../pages/device-list.js';
import { devicesPage } from '../pages/devices.page.js';
import { takeNotice } from '../session.js';
import { TextPipe } from '../text.pipe.js';
import { CurrentUser, UserGuard } from '../users/current-user.js';
import type { User } from '../users/user.entity.js';
import { DevicesService } from './devices.service.js';
import { SessionNews } from './session-news.js';

@Controller()
@RequireSession({ user: true })
@UseGuards(UserGuard)
export class DevicesController {
  constructor(
    private readonly devices: DevicesService,
    private readonly sessions: SessionStore,
    private readonly news: SessionNews,
  ) {}

  @Get()
  async show(@Session() session: Session, @SessionHandle() handle: string, @CurrentUser() user: User) {
    return devicesPage(user, await this.devices.list(user.id), handle, takeNotice(session));
  }

  /** Only the list, for a page that stays open. */
  @Get('devices')
  async list(@SessionHandle() handle: string, @CurrentUser() user: User) {
    return deviceList(await this.devices.list(user.id), handle);
  }

  @Sse('news')
  listen(@SessionHandle() handle: string, @CurrentUser() user: User) {
    return this.news.of(user, handle);
  }

  @Post('devices/end')
  @Redirect('/#devices', 303)
  async end(@Session() session: Session, @CurrentUser() user: User, @Body('handle', TextPipe) handle: string) {
    const ended = await this.sessions.revoke(handle, { userId: user.id }); // `userId`: nobody ends somebody else's
    session.notice = ended ? 'The device is signed out.' : 'That device was signed out before.';
  }

  @Post('devices/end-others')
  @Redirect('/#devices', 303)
  async endOthers(@Session() session: Session, @CurrentUser() user: User) {
    session.notice = signedOut(await this.sessions.revokeUser(user.id, { except: session }));
  }

  @Post('devices/know')
  @Redirect('/#devices', 303)
  async know(@Session() session: Session, @CurrentUser() user: User, @Body('handle', TextPipe) handle: string) {
    await this.devices.know(handle, user.id);
    session.notice = 'The device is no longer marked as new.';
  }
}

const signedOut = (count: number): string => (count === 1 ? 'One other device is signed out.' : `${count} other devices are signed out.`);
