import { TypeormStore } from 'connect-typeorm';
import { DataSource } from 'typeorm';
import { POOL_SIZE } from './pool-size.mjs';
import { TypeormSession } from './typeorm-session.entity.mjs';
import { versionOf } from './versions.mjs';

export const connectTypeorm = {
  name: 'connect-typeorm',
  title: `connect-typeorm ${versionOf('connect-typeorm')} on TypeORM ${versionOf('typeorm')}`,
  databases: ['postgres'],
  row: { table: 'typeorm_session', id: 'id', data: 'json' },
  async open({ url }) {
    const dataSource = new DataSource({ type: 'postgres', url, entities: [TypeormSession], synchronize: true, poolSize: POOL_SIZE });
    await dataSource.initialize();
    const repository = dataSource.getRepository(TypeormSession);
    const store = new TypeormStore().connect(repository);
    waitForStatements(store, repository);
    return { store, close: () => dataSource.destroy() };
  },
};

/** Its `touch` calls back before the statement and once more after it, its `destroy` only before: here both are waited for. */
function waitForStatements(store, repository) {
  const { touch } = store;
  store.touch = (sid, session, callback) => {
    let isEarly = Boolean(session.cookie.expires);
    touch(sid, session, (error) => {
      if (!isEarly || error) callback(error);
      isEarly = false;
    });
  };
  store.destroy = (sid, callback) => {
    repository.softDelete({ id: sid }).then(() => callback(), callback);
  };
}
