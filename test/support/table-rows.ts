export * from '../../lib/testing/rows.js';
