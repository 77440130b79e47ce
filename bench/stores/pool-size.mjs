/** Connections of each store's pool. */
export const POOL_SIZE = 10;
