import { TEMPLATE_USER } from './sample-session.mjs';

/**
 * Copies the row that a store wrote for the template id, once for each number from `first` to `last`, with an id and a user
 * of its own. So every store gets its rows in its own form, and a hundred thousand take seconds.
 */
export async function cloneRows(database, connection, store, { template, first, last }) {
  const { sql } = database;
  const { table, id, data, isJson, hashesIds, own = {} } = store.row;
  const key = (text) => (hashesIds ? sql.sha256(text) : text);
  const from = `${sql.quote(table)} AS t`;
  const isTemplate = `t.${sql.quote(id)} = ${key(`'${template}'`)}`;
  const [row] = await connection.query(`SELECT * FROM ${from} WHERE ${isTemplate}`, [], store.name);
  const text = `replace(${sql.asText(`t.${sql.quote(data)}`)}, '${TEMPLATE_USER}', ${sql.user})`;
  const values = { [id]: key(sql.sid), [data]: isJson ? sql.asJson(text) : text };
  for (const [column, value] of Object.entries(own)) values[column] = sql[value];
  const columns = Object.keys(row);
  await connection.query(
    `INSERT INTO ${sql.quote(table)} (${columns.map(sql.quote).join(', ')})
     SELECT ${columns.map((column) => values[column] ?? `t.${sql.quote(column)}`).join(', ')}
     FROM ${from} CROSS JOIN ${sql.series(first, last)} WHERE ${isTemplate}`,
    [],
    store.name,
  );
}
