import { Module } from '@nestjs/common';
import { SessionModule } from 'nestjs-typeorm-session';
import { AccountController } from './account.controller.js';
import { sessionOptions } from './session.js';
import { ShopController } from './shop.controller.js';

@Module({
  imports: [SessionModule.forRoot(sessionOptions)],
  controllers: [ShopController, AccountController],
})
export class AppModule {}
