import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** An address that leads to one server after the other, as a floating address or a load balancer does. */
export class VirtualAddress {
  connections = new Set();
  isSilent = false;

  constructor(port) {
    this.target = port;
    this.server = createServer((near) => this.join(near));
  }

  static async open(port) {
    const address = new VirtualAddress(port);
    address.server.listen(0, '127.0.0.1');
    await once(address.server, 'listening');
    return address;
  }

  get port() {
    return this.server.address().port;
  }

  /** From now on, new connections lead there; those that are open stay where they are. */
  lead(port) {
    this.target = port;
    this.isSilent = false;
  }

  /** Nothing gets through any more and nothing is closed: a machine without power, or a cable without a plug. */
  fallSilent() {
    this.isSilent = true;
    for (const { near, far } of this.connections) {
      near.unpipe();
      far?.unpipe();
      near.pause();
      far?.pause();
    }
  }

  close() {
    for (const { near, far } of this.connections) {
      near.destroy();
      far?.destroy();
    }
    this.server.close();
  }

  join(near) {
    const far = this.isSilent ? undefined : connect(this.target, '127.0.0.1');
    const connection = { near, far };
    this.connections.add(connection);
    const part = () => {
      this.connections.delete(connection);
      near.destroy();
      far?.destroy();
    };
    for (const socket of [near, far]) socket?.on('error', part).on('close', part);
    if (far) near.pipe(far).pipe(near);
  }
}
