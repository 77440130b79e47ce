import { Controller, Get } from '@nestjs/common';
import { Session, SessionHandle } from 'nestjs-typeorm-session';
import { expect } from 'vitest';
import { Browser } from './browser.js';
import './session-data.js';

/** The example of the README: counts the views of a session. */
@Controller()
export class ViewsController {
  @Get('views')
  views(@Session() session: Session, @SessionHandle() handle: string | undefined) {
    session.views = (session.views ?? 0) + 1;
    return { views: session.views, handle };
  }
}

/** Counts two views of a new session, and returns the browser that has it. */
export async function expectSessions(address: string, path = '/views'): Promise<Browser> {
  const browser = new Browser(address);
  await expect(browser.json(path)).resolves.toMatchObject({ views: 1 });
  await expect(browser.json(path)).resolves.toMatchObject({ views: 2 });
  return browser;
}
