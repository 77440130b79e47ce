import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';

const app = await NestFactory.create<NestExpressApplication>(AppModule, {
  logger: ['error', 'warn'],
  // Browsers open connections ahead of need. Without this, Ctrl-C waits until the browser closes them.
  forceCloseConnections: true,
});
app.enableShutdownHooks();

await app.listen(process.env.PORT ?? 3000);
const address = new URL(await app.getUrl());
address.hostname = 'localhost';
console.log(`Open this in two browsers: ${address.origin} (a private window counts as another browser)`);
