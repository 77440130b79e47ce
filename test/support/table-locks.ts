export * from '../../lib/testing/locks.js';
