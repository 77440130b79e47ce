import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const required = require('nestjs-typeorm-session');
const imported = await import('nestjs-typeorm-session');
const requiredExpress = require('nestjs-typeorm-session/express');
const importedExpress = await import('nestjs-typeorm-session/express');

const classes = new Set([required, imported, requiredExpress, importedExpress].map(({ SessionStore }) => SessionStore));
if (classes.size !== 1 || classes.has(undefined)) throw new Error(`There are ${classes.size} classes SessionStore.`);
