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
    const { handle } = session;
    return page(session, handle === undefined ? undefined : await this.sessions.find(handle)).markup;
  }

  // Each of the three redirects to the button that was pressed, so that the focus stays there without JavaScript, too.

  @Post('cart/add')
  @Redirect('/', 303)
  async add(@Session() session: Session, @Body('item', ItemPipe) item: Item) {
    await this.change(session, item, 1);
    return { url: `/#add-${item.id}` };
  }

  @Post('cart/more')
  @Redirect('/', 303)
  async more(@Session() session: Session, @Body('item', ItemPipe) item: Item) {
    await this.change(session, item, 1);
    return { url: `/#more-${item.id}` };
  }

  @Post('cart/remove')
  @Redirect('/', 303)
  async remove(@Session() session: Session, @Body('item', ItemPipe) item: Item) {
    if (session.cart?.[item.id]) await this.change(session, item, -1); // else nothing to take out, and no reason for a session
    return { url: session.cart?.[item.id] ? `/#less-${item.id}` : '/#cart' };
  }

  /** By `update`, so that of two quick clicks both count: the change runs again if another request was first. */
  private async change(session: Session, item: Item, by: 1 | -1): Promise<void> {
    await session.update((newest) => {
      newest.cart = changeCart(newest.cart ?? {}, item.id, by);
    });
  }
}
