import { Controller, Get, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Session, SessionModule } from 'nestjs-typeorm-session';

declare module 'express-session' {
  interface SessionData {
    views: number;
  }
}

@Controller()
class ViewsController {
  @Get('views')
  views(@Session() session: Session) {
    session.views = (session.views ?? 0) + 1;
    return { views: session.views };
  }
}

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'better-sqlite3',
      database: 'app.sqlite',
      autoLoadEntities: true,
      synchronize: true,
    }),
    SessionModule.forRoot({ secret: 'kept by a consumer test' }),
  ],
  controllers: [ViewsController],
})
export class AppModule {}
