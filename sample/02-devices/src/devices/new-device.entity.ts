import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A sign-in from a device that the user had not been seen on, until he says that he knows it. */
@Entity('new_devices')
export class NewDevice {
  /** The public handle of the session. */
  @PrimaryColumn({ type: 'varchar', length: 32 })
  handle!: string;

  @Column({ type: 'varchar' })
  userId!: string;
}
