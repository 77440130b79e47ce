import { Controller, Get } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { SessionStore } from 'nestjs-typeorm-session';

@Controller()
class DevicesController {
  constructor(private readonly sessions: SessionStore) {}

  @Get('devices')
  devices() {
    return this.sessions.list({ userId: 'ada' });
  }
}

describe('DevicesController', () => {
  it('is given the store by its class', async () => {
    const list = async () => [{ handle: 'one' }];
    const app = await Test.createTestingModule({
      controllers: [DevicesController],
      providers: [{ provide: SessionStore, useValue: { list } }],
    }).compile();
    expect(await app.get(DevicesController).devices()).toEqual([{ handle: 'one' }]);
  });
});
