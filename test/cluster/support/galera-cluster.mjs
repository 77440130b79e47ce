import { MariaDbServer } from './mariadb-server.mjs';
import { freePorts } from './ports.mjs';
import { galeraLibrary, programOf } from './programs.mjs';
import { assert, until } from './until.mjs';

/** How soon a node that says nothing is given up; Galera's own figures fit networks with longer ways. */
const PATIENCE = {
  'evs.keepalive_period': 'PT0.3S',
  'evs.suspect_timeout': 'PT1S',
  'evs.inactive_timeout': 'PT2S',
  'evs.install_timeout': 'PT2S',
  'evs.inactive_check_period': 'PT0.3S',
  'gcache.size': '16M',
};

/** A Galera cluster whose nodes listen on ports of their own of this machine. */
export class GaleraCluster {
  constructor(nodes) {
    this.nodes = nodes;
  }

  static async create(scratch, size, settings) {
    programOf('rsync');
    const ports = await freePorts(size * 4);
    const members = Array.from({ length: size }, (_, index) => ports.slice(index * 4, index * 4 + 4));
    const address = `gcomm://${members.map(([, group]) => `127.0.0.1:${group}`).join(',')}`;
    const nodes = [];
    for (const [index, [port, group, increments, transfers]] of members.entries()) {
      const provider = {
        'gmcast.listen_addr': `tcp://127.0.0.1:${group}`,
        'ist.recv_addr': `127.0.0.1:${increments}`,
        ...PATIENCE,
      };
      const replication = {
        'binlog-format': 'ROW',
        'innodb-autoinc-lock-mode': 2,
        'wsrep-on': 'ON',
        'wsrep-provider': galeraLibrary(),
        'wsrep-provider-options': Object.entries(provider)
          .map((pair) => pair.join('='))
          .join(';'),
        'wsrep-cluster-address': address,
        'wsrep-node-name': `node-${index + 1}`,
        'wsrep-node-address': '127.0.0.1',
        'wsrep-sst-method': 'rsync',
        'wsrep-sst-receive-address': `127.0.0.1:${transfers}`,
      };
      nodes.push(await MariaDbServer.prepare(scratch, `node-${index + 1}`, { ...replication, ...settings }, port));
    }
    const cluster = new GaleraCluster(nodes);
    await cluster.start();
    return cluster;
  }

  /** The first node makes the cluster; the others get its data one after the other, as it can serve only one at a time. */
  async start() {
    const [first, ...others] = this.nodes;
    await first.install();
    await first.start('--wsrep-new-cluster');
    await first.createDatabase();
    for (const node of others) await node.start();
    await Promise.all(this.nodes.map((node) => this.isSynced(node, this.nodes.length)));
  }

  async isSynced(node, size) {
    await until(`${node.name} is in a cluster of ${size}`, async () => {
      const status = await statusOf(node);
      const is = [status.wsrep_local_state_comment, status.wsrep_cluster_status, Number(status.wsrep_cluster_size)];
      assert(is.join() === `Synced,Primary,${size}`, is.join());
    });
  }

  /** Transactions that lost to one of another node: when they were to be committed, and while they were under way. */
  async conflicts() {
    const counts = await Promise.all(
      this.nodes.map(async (node) => {
        const status = await statusOf(node);
        return [Number(status.wsrep_local_cert_failures), Number(status.wsrep_local_bf_aborts)];
      }),
    );
    return counts.reduce(([failures, aborts], [failed, aborted]) => [failures + failed, aborts + aborted], [0, 0]);
  }
}

async function statusOf(node) {
  const rows = await node.query(`SHOW STATUS LIKE 'wsrep%'`);
  return Object.fromEntries(rows.map(({ Variable_name: name, Value: value }) => [name, value]));
}
