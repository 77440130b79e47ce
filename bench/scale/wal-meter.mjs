/**
 * Measures what a PostgreSQL server logs for the tables of one database. Page images are left out: the first change of a
 * page after a checkpoint logs all of it, whatever the change.
 */
export class WalMeter {
  bytes = 0;

  constructor(connection) {
    this.connection = connection;
  }

  async start() {
    await this.connection.query('CREATE EXTENSION IF NOT EXISTS pg_walinspect');
    const [{ oid }] = await this.connection.query('SELECT oid FROM pg_database WHERE datname = current_database()');
    this.blocks = `% rel %/${oid}/%`;
    this.position = await this.now();
  }

  /** Has to be called before the server recycles what it logged. */
  async read() {
    const position = await this.now();
    const [{ bytes }] = await this.connection.query(
      `SELECT COALESCE(sum(record_length - fpi_length), 0) AS bytes FROM pg_get_wal_records_info($1, $2) WHERE block_ref LIKE $3`,
      [this.position, position, this.blocks],
    );
    this.bytes += Number(bytes);
    this.position = position;
  }

  async now() {
    const [{ position }] = await this.connection.query('SELECT pg_current_wal_flush_lsn() AS position');
    return position;
  }
}
