import { Module } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SessionModule } from 'nestjs-typeorm-session';
import { PasswordController } from './account/password.controller.js';
import { SignInController } from './account/sign-in.controller.js';
import { database } from './database.js';
import { AdminController } from './devices/admin.controller.js';
import { DevicesController } from './devices/devices.controller.js';
import { DevicesService } from './devices/devices.service.js';
import { NewDevice } from './devices/new-device.entity.js';
import { SessionNews } from './devices/session-news.js';
import { HtmlInterceptor } from './html.interceptor.js';
import { PageFilter } from './page.filter.js';
import { sessionOptions } from './session.js';
import { User } from './users/user.entity.js';
import { UsersService } from './users/users.service.js';

@Module({
  imports: [TypeOrmModule.forRoot(database), TypeOrmModule.forFeature([User, NewDevice]), SessionModule.forRoot(sessionOptions)],
  controllers: [DevicesController, SignInController, PasswordController, AdminController],
  providers: [
    UsersService,
    DevicesService,
    SessionNews,
    { provide: APP_FILTER, useClass: PageFilter },
    { provide: APP_INTERCEPTOR, useClass: HtmlInterceptor },
  ],
})
export class AppModule {}
