import pg from 'pg';

const postgresUrl = process.env.POSTGRES_URL ?? 'postgres://postgres:postgres@127.0.0.1:5432/test';
const database = `nestjs_typeorm_session_consumer_${process.pid}`;

/** Uses a database of its own, so that no table of another test is in the way. */
export async function onPostgres(use) {
  const client = new pg.Client(postgresUrl);
  try {
    await client.connect();
  } catch (cause) {
    if (process.env.REQUIRE_DATABASES) throw new Error(`No PostgreSQL at ${new URL(postgresUrl).host}.`, { cause });
    console.warn(`skipped: no PostgreSQL at ${new URL(postgresUrl).host}`);
    return;
  }
  const url = new URL(postgresUrl);
  url.pathname = database;
  await client.query(`CREATE DATABASE ${database}`);
  try {
    await use(url.href);
  } finally {
    await client.query(`DROP DATABASE ${database} WITH (FORCE)`);
    await client.end();
  }
}
