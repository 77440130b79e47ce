import { catalogue, type Item } from './catalogue.js';

/** Quantities by the id of the item. */
export type Cart = Record<string, number>;

export interface CartLine {
  readonly item: Item;
  readonly quantity: number;
  readonly cents: number;
}

const most = 99;

/** The cart with one more, or with `by: -1` one less, of an item; what is not in the catalogue changes nothing. */
export function changeCart(cart: Cart, itemId: unknown, by: 1 | -1): Cart {
  const item = catalogue.find(({ id }) => id === itemId);
  if (!item) return cart;
  const { [item.id]: quantity = 0, ...others } = cart;
  const changed = Math.min(quantity + by, most);
  return changed > 0 ? { ...others, [item.id]: changed } : others;
}

/** What is in the cart, in the order of the catalogue. */
export function cartLines(cart: Cart): CartLine[] {
  return catalogue
    .map((item) => ({ item, quantity: cart[item.id] ?? 0 }))
    .filter(({ quantity }) => quantity > 0)
    .map(({ item, quantity }) => ({ item, quantity, cents: quantity * item.cents }));
}
