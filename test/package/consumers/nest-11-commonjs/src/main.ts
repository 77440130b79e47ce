import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

async function start() {
  const app = await NestFactory.create(AppModule);
  await app.listen(process.env.PORT ?? 3000);
}

void start();
