export interface Item {
  readonly id: string;
  readonly name: string;
  readonly about: string;
  readonly cents: number;
  /** The outline of its picture, as an SVG path in a box of 24 by 24. */
  readonly outline: string;
}

export const catalogue: readonly Item[] = [
  {
    id: 'mug',
    name: 'Mug',
    about: 'Stoneware, holds a long morning',
    cents: 1450,
    outline: 'M5 8h11v9a3 3 0 0 1-3 3H8a3 3 0 0 1-3-3zM16 10h2a2.5 2.5 0 0 1 0 5h-2M8 2.5v2.5M12 2.5v2.5',
  },
  {
    id: 'tea',
    name: 'Black tea',
    about: 'Loose leaves, 100\u00a0g',
    cents: 890,
    outline: 'M12 21C6 18 4.5 11 7 4c6 1 11 6 10 12-.5 3-2.5 5-5 5zM12 21c.5-5-.5-9-3-12.5',
  },
  {
    id: 'notebook',
    name: 'Notebook',
    about: 'Dotted, lies flat when open',
    cents: 1200,
    outline: 'M7 3h11v18H7a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zM9 3v18M12 8h3M3.5 8h3M3.5 12h3M3.5 16h3',
  },
  {
    id: 'pencil',
    name: 'Pencil',
    about: 'Cedar, neither hard nor soft',
    cents: 240,
    outline: 'M4 20l1-4.5L16 4.5a2 2 0 0 1 3 0l.5.5a2 2 0 0 1 0 3L8.5 19zM14 6.5l3.5 3.5M5 15.5l3.5 3.5',
  },
  {
    id: 'lamp',
    name: 'Desk lamp',
    about: 'Warm light, one good hinge',
    cents: 4900,
    outline: 'M6 21h9M10.5 21v-3L6 11l6.5-6M10.5 4l2.5-2 7 6.5-3 2.5zM17.5 11.5a2 2 0 0 1-3-2.5',
  },
  {
    id: 'plant',
    name: 'Pot plant',
    about: 'Forgives a missed watering',
    cents: 1650,
    outline: 'M7 15h10l-1.5 6h-7zM12 15V8M12 10C8 10.5 5.5 8.5 5 5c4-.5 6.5 1.5 7 5zM12 8c0-3.5 2-5.5 6-5.5.5 4-2 6-6 5.5z',
  },
];
