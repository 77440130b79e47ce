import { cartLines, type Cart } from './cart.js';
import { catalogue, type Item } from './catalogue.js';
import { html, type Html } from './html.js';

const euros = new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR' });
const price = (cents: number): string => euros.format(cents / 100);

const picture = ({ outline }: Item): Html => html`<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${outline}" /></svg>`;

const itemCard = (item: Item): Html =>
  html`<li>
    ${picture(item)}
    <h3>${item.name}</h3>
    <p>${item.about}</p>
    <form method="post" action="/cart/add">
      <span>${price(item.cents)}</span>
      <button name="item" value="${item.id}" aria-label="Add ${item.name} to the cart">Add</button>
    </form>
  </li>`;

export const shopPanel = html`<section class="shop" aria-labelledby="shop">
  <h2 id="shop">On the shelf</h2>
  <ul>
    ${catalogue.map(itemCard)}
  </ul>
</section>`;

/** What is in the cart, and what it comes to. */
export function cartPanel(cart: Cart): Html {
  const lines = cartLines(cart);
  const total = lines.reduce((sum, { cents }) => sum + cents, 0);
  return html`<section class="cart" aria-labelledby="cart">
    <h2 id="cart">Your cart</h2>
    ${
      lines.length === 0
        ? html`<p class="quiet" data-testid="empty">Nothing in it yet.</p>`
        : html`<ul>
              ${lines.map(cartLine)}
            </ul>
            <p class="total">Total <strong data-testid="total">${price(total)}</strong></p>`
    }
  </section>`;
}

const cartLine = ({ item, quantity, cents }: ReturnType<typeof cartLines>[number]): Html =>
  html`<li>
    ${picture(item)}
    <span class="name">${item.name}</span>
    ${step(item, '/cart/remove', '−', `One ${item.name} less`)}
    <span class="quantity" data-testid="quantity-${item.id}">${quantity}</span>
    ${step(item, '/cart/add', '+', `One ${item.name} more`)}
    <span class="price">${price(cents)}</span>
  </li>`;

const step = (item: Item, action: string, sign: string, label: string): Html =>
  html`<form method="post" action="${action}">
    <button class="step" name="item" value="${item.id}" aria-label="${label}">${sign}</button>
  </form>`;
