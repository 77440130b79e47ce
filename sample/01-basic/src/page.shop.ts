import { type Cart, type CartLine, cartLines } from './cart.js';
import { catalogue, type Item } from './catalogue.js';
import { html, type Html } from './html.js';

const euros = new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR' });
const price = (cents: number): string => euros.format(cents / 100);

const picture = ({ outline }: Item): Html => html`<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${outline}" /></svg>`;

const itemCard = (item: Item, quantity: number): Html =>
  html`<li>
    ${picture(item)}
    <h3>${item.name}</h3>
    <p>${item.about}</p>
    <p class="taken" id="taken-${item.id}">${quantity > 0 ? `${quantity} in your cart` : ''}</p>
    <form method="post" action="/cart/add">
      <span>${price(item.cents)}</span>
      <button
        id="add-${item.id}"
        name="item"
        value="${item.id}"
        aria-label="Add ${item.name} to the cart"
        aria-describedby="taken-${item.id}"
      >
        Add
      </button>
    </form>
  </li>`;

/** What the shop sells, and how much of it is in the cart. */
export const shopPanel = (cart: Cart): Html =>
  html`<section class="shop" aria-labelledby="shop">
    <h2 id="shop">On the shelf</h2>
    <ul>
      ${catalogue.map((item) => itemCard(item, cart[item.id] ?? 0))}
    </ul>
  </section>`;

/** What is in the cart, and what it comes to. */
export function cartPanel(cart: Cart): Html {
  const lines = cartLines(cart);
  return html`<section class="cart" aria-labelledby="cart">
    <h2 id="cart" tabindex="-1">Your cart</h2>
    ${
      lines.length === 0
        ? html`<p class="quiet" data-testid="empty">Nothing in it yet.</p>`
        : html`<ul>
              ${lines.map(cartLine)}
            </ul>
            <p class="total">Total <strong data-testid="total">${price(totalOf(lines))}</strong></p>`
    }
  </section>`;
}

/** The cart in one sentence: a live region, which stays in sight on a narrow screen. */
export function cartStatus(cart: Cart): Html {
  const lines = cartLines(cart);
  const count = lines.reduce((sum, { quantity }) => sum + quantity, 0);
  return html`<aside class="${count > 0 ? 'bar' : 'bar empty'}" aria-label="Cart at a glance">
    <p role="status">${count === 0 ? 'Your cart is empty.' : `${count} in your cart, ${price(totalOf(lines))}`}</p>
    <a href="#cart">See cart</a>
  </aside>`;
}

const totalOf = (lines: readonly CartLine[]): number => lines.reduce((sum, { cents }) => sum + cents, 0);

const cartLine = ({ item, quantity, cents }: CartLine): Html =>
  html`<li>
    ${picture(item)}
    <span class="name">${item.name}</span>
    ${step(item, 'less', '/cart/remove', '−', `One ${item.name} less`)}
    <span class="quantity" data-testid="quantity-${item.id}">${quantity}</span>
    ${step(item, 'more', '/cart/more', '+', `One ${item.name} more`)}
    <span class="price">${price(cents)}</span>
  </li>`;

const step = (item: Item, way: 'less' | 'more', action: string, sign: string, label: string): Html =>
  html`<form method="post" action="${action}">
    <button class="step" id="${way}-${item.id}" name="item" value="${item.id}" aria-label="${label}">${sign}</button>
  </form>`;
