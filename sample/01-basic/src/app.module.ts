import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { SessionModule } from 'nestjs-typeorm-session';
import { AccountController } from './account.controller.js';
import { PageFilter } from './page.filter.js';
import { sessionOptions } from './session.js';
import { ShopController } from './shop.controller.js';

@Module({
  imports: [SessionModule.forRoot(sessionOptions)],
  controllers: [ShopController, AccountController],
  providers: [{ provide: APP_FILTER, useClass: PageFilter }],
})
export class AppModule {}
