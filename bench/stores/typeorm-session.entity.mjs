import { EntitySchema } from 'typeorm';

/** The entity of connect-typeorm's README. */
export const TypeormSession = new EntitySchema({
  name: 'TypeormSession',
  columns: {
    id: { type: 'varchar', length: 255, primary: true },
    expiredAt: { type: 'bigint' },
    json: { type: 'text' },
    destroyedAt: { type: 'timestamp', nullable: true, deleteDate: true },
  },
  indices: [{ columns: ['expiredAt'] }],
});
