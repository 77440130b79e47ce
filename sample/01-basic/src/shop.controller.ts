import { Body, Controller, Get, Header, Post, Redirect } from '@nestjs/common';
import { Session, SessionStore } from 'nestjs-typeorm-session';
import { changeCart } from './cart.js';
import { page } from './page.js';

@Controller()
export class ShopController {
  constructor(private readonly sessions: SessionStore) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  async show(@Session() session: Session) {
    session.visits = (session.visits ?? 0) + 1;
    await session.save(); // now rather than with the response, because the page shows the row
    return page(session, await this.findRow(session)).markup;
  }

  @Post('cart/add')
  @Redirect('/', 303)
  add(@Session() session: Session, @Body('item') item: unknown) {
    return this.change(session, item, 1);
  }

  @Post('cart/remove')
  @Redirect('/', 303)
  remove(@Session() session: Session, @Body('item') item: unknown) {
    return this.change(session, item, -1);
  }

  /** By `update`, so that of two quick clicks both count: the change runs again if another request was first. */
  private async change(session: Session, item: unknown, by: 1 | -1) {
    await session.update((newest) => {
      newest.cart = changeCart(newest.cart ?? {}, item, by);
    });
  }

  /** Looks the session up by its public handle, page by page, as a list of "your sessions" would. */
  private async findRow({ handle, userId }: Session) {
    const whose = userId === undefined ? {} : { userId };
    let rows = await this.sessions.list(whose);
    while (rows.length > 0) {
      const row = rows.find((candidate) => candidate.handle === handle);
      if (row) return row;
      rows = await this.sessions.list({ ...whose, after: rows.at(-1)!.handle });
    }
    return undefined;
  }
}
