import { Body, Controller, Get, Header, Post, Redirect } from '@nestjs/common';
import { Session, SessionStore } from 'nestjs-typeorm-session';
import { changeCart } from './cart.js';
import type { Item } from './catalogue.js';
import { ItemPipe } from './item.pipe.js';
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

  // Each of the three redirects to the button that was pressed, so that the focus stays there without JavaScript, too.

  @Post('cart/add')
  @Redirect('/', 303)
  add(@Session() session: Session, @Body('item', ItemPipe) item: Item) {
    this.change(session, item, 1);
    return { url: `/#add-${item.id}` };
  }

  @Post('cart/more')
  @Redirect('/', 303)
  more(@Session() session: Session, @Body('item', ItemPipe) item: Item) {
    this.change(session, item, 1);
    return { url: `/#more-${item.id}` };
  }

  @Post('cart/remove')
  @Redirect('/', 303)
  remove(@Session() session: Session, @Body('item', ItemPipe) item: Item) {
    if (session.cart?.[item.id]) this.change(session, item, -1); // else nothing to take out, and no reason for a session
    return { url: session.cart?.[item.id] ? `/#less-${item.id}` : '/#cart' };
  }

  private change(session: Session, item: Item, by: 1 | -1): void {
    session.cart = changeCart(session.cart ?? {}, item.id, by);
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
