import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { hashPassword, verifyPassword } from './password.js';
import { sampleUsers } from './sample-users.js';
import { User } from './user.entity.js';

@Injectable()
export class UsersService implements OnModuleInit {
  constructor(@InjectRepository(User) private readonly users: Repository<User>) {}

  async onModuleInit(): Promise<void> {
    if (await this.users.existsBy({})) return;
    for (const { password, ...user } of sampleUsers) {
      await this.users.insert({ ...user, passwordHash: await hashPassword(password) });
    }
  }

  all(): Promise<User[]> {
    return this.users.find({ order: { name: 'ASC' } });
  }

  find(id: string): Promise<User | null> {
    return this.users.findOneBy({ id });
  }

  /** The user of this name and password. */
  async authenticate(name: string, password: string): Promise<User | undefined> {
    const user = await this.users.findOneBy({ name: name.trim().toLowerCase() });
    return (await verifyPassword(password, user?.passwordHash)) && user ? user : undefined;
  }

  async setPassword(id: string, password: string): Promise<void> {
    await this.users.update({ id }, { passwordHash: await hashPassword(password) });
  }
}
