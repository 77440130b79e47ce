import { Body, Controller, Get, Post, Redirect, UseGuards } from '@nestjs/common';
import { RequireSession, Session, SessionHandle, SessionStore } from 'nestjs-typeorm-session';
import { adminPage, everybodyList, type UserRow } from '../pages/admin.page.js';
import { takeNotice } from '../session.js';
import { TextPipe } from '../text.pipe.js';
import { AdministratorGuard, CurrentUser, UserGuard } from '../users/current-user.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import { DevicesService } from './devices.service.js';

@Controller('admin')
@RequireSession({ user: true })
@UseGuards(UserGuard, AdministratorGuard)
export class AdminController {
  constructor(
    private readonly users: UsersService,
    private readonly devices: DevicesService,
    private readonly sessions: SessionStore,
  ) {}

  @Get()
  async show(@Session() session: Session, @SessionHandle() handle: string, @CurrentUser() user: User) {
    return adminPage(user, await this.rows(), handle, takeNotice(session));
  }

  /** Only the lists, for a page that stays open. */
  @Get('devices')
  async list(@SessionHandle() handle: string) {
    return everybodyList(await this.rows(), handle);
  }

  @Post('end')
  @Redirect('/admin', 303)
  async end(@Session() session: Session, @Body('userId', TextPipe) userId: string, @Body('handle', TextPipe) handle: string) {
    const ended = await this.sessions.revoke(handle, { userId });
    session.notice = ended ? 'The device is signed out.' : 'That device was signed out before.';
    return backTo(userId);
  }

  @Post('end-all')
  @Redirect('/admin', 303)
  async endAll(@Session() session: Session, @Body('userId', TextPipe) userId: string) {
    const count = await this.sessions.revokeUser(userId, { except: session });
    session.notice = `Signed out: ${count} ${count === 1 ? 'device' : 'devices'}.`;
    return backTo(userId);
  }

  private async rows(): Promise<UserRow[]> {
    const users = await this.users.all();
    return Promise.all(
      users.map(async (user) => ({
        user,
        devices: await this.devices.list(user.id),
        count: await this.sessions.count({ userId: user.id }),
      })),
    );
  }
}

/** The focus goes to the name of the user, because the button that was pressed is gone. */
const backTo = (userId: string) => ({ url: `/admin#user-${encodeURIComponent(userId)}` });
