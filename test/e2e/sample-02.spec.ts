import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { root } from '../package/library.js';
import { launchChromium, skipsChromium } from '../support/chromium.js';
import { agents, DevicesClient, DevicesVisitor, passwords } from '../support/devices-visitor.js';
import { axeViolations, overflow, smallTargets } from '../support/page-checks.js';
import { buildSample, type Sample } from '../support/sample.js';

const minutes = 60_000;

describe('sample 02', { timeout: 90_000 }, () => {
  let sample: Sample;
  let files = 0;
  const start = () => sample.start(join(sample.folder, `devices-${++files}.sqlite`));

  beforeAll(async () => {
    sample = await buildSample('02-devices');
    return () => sample.remove();
  }, 120_000);

  describe.skipIf(skipsChromium)('in two browsers', () => {
    it('shows both devices, and signs one out from the other at once', async () => {
      const running = await start();
      const { address } = running;
      const browser = await launchChromium();
      const firefox = await DevicesVisitor.arrive(browser, address, { userAgent: agents.firefox });
      await firefox.signIn('ada');
      await expect(firefox.devices()).resolves.toEqual(['Firefox on Windows This device']);

      const phone = await DevicesVisitor.arrive(browser, address, { userAgent: agents.phone, viewport: { width: 390, height: 844 } });
      await phone.signIn('ada');
      await expect(phone.devices()).resolves.toEqual(['Safari on iPhone This device', 'Firefox on Windows']);

      await firefox.hears('A device was signed in.');
      await expect.poll(() => firefox.devices()).toEqual(['Safari on iPhone New', 'Firefox on Windows This device']);
      await expect(firefox.page.locator('.device p').first().innerText()).resolves.toMatch(/^this computer · last seen just now/);
      await firefox.press('I know it: Safari on iPhone');
      await firefox.hears('The device is no longer marked as new.');
      await expect(firefox.devices()).resolves.toEqual(['Safari on iPhone', 'Firefox on Windows This device']);

      await firefox.press('Sign out Safari on iPhone');
      await phone.isSentAway();
      await firefox.hears('The device is signed out.');
      await expect(firefox.devices()).resolves.toEqual(['Firefox on Windows This device']);
      await expect.poll(() => firefox.page.locator(':focus').getAttribute('id')).toBe('devices');

      expect([...firefox.complaints, ...phone.complaints]).toEqual([]);
      await expect(running.stop()).resolves.toBe(''); // though a page still listens
    });

    it('asks for the password again before it is changed, and signs out the others', async () => {
      const running = await start();
      const browser = await launchChromium();
      const [firefox, phone] = await Promise.all(
        [agents.firefox, agents.phone].map((userAgent) => DevicesVisitor.arrive(browser, running.address, { userAgent })),
      );
      await firefox!.signIn('ada');
      await phone!.signIn('ada');
      const [copied] = await firefox!.page.context().cookies();

      await firefox!.follow('Password');
      expect(firefox!.path()).toBe('/password');
      await running.advance(6 * minutes);
      await firefox!.follow('Password');
      expect(firefox!.path()).toBe('/confirm');
      await firefox!.givePassword('Password', 'difference engine', 'Go on');
      await firefox!.hears('This is not your password.');
      await firefox!.givePassword('Password', passwords.ada, 'Go on');
      expect(firefox!.path()).toBe('/password');
      await firefox!.givePassword('New password', 'a loom that weaves flowers', 'Change the password');
      await firefox!.hears('Your password is changed. Other devices that were signed out: 1.');
      await phone!.isSentAway();

      const thief = new DevicesClient(running.address);
      thief.cookie = copied!.value;
      await expect(thief.isSignedIn()).resolves.toBe(false);
      await phone!.signIn('ada');
      await phone!.hears('This name and this password do not belong together.');
      await phone!.signIn('ada', 'a loom that weaves flowers');
      expect(phone!.path()).toBe('/');
      await expect(running.stop()).resolves.toBe('');
    });

    it('lets an administrator, and nobody else, end the sessions of everybody', async () => {
      const { address } = await start();
      const browser = await launchChromium();
      const phone = await DevicesVisitor.arrive(browser, address, { userAgent: agents.phone });
      await phone.signIn('ada');
      await phone.open('/admin');
      await expect(phone.page.getByText('This page is for administrators.').isVisible()).resolves.toBe(true);
      await phone.open('/');

      const admin = await DevicesVisitor.arrive(browser, address, { userAgent: agents.firefox });
      await admin.signIn('admin');
      await admin.follow('Everybody');
      await expect(admin.page.locator('h2').allInnerTexts()).resolves.toEqual([
        'ada: one device',
        'admin: one device',
        'grace: signed out',
      ]);
      await admin.press('Sign out Safari on iPhone of ada');
      await phone.isSentAway();
      await admin.hears('The device is signed out.');

      await phone.signIn('ada');
      await expect.poll(() => admin.devices()).toContain('Safari on iPhone');
      await admin.press('Sign out everywhere: ada');
      await phone.isSentAway();
      await admin.hears('Signed out: 1 device.');
      await expect(admin.devices()).resolves.toEqual(['Firefox on Windows This device']);
    });

    it('needs no JavaScript: the other browser is signed out at its next click', async () => {
      const { address } = await start();
      const browser = await launchChromium();
      const arrive = (userAgent: string) => DevicesVisitor.arrive(browser, address, { userAgent, javaScriptEnabled: false });
      const firefox = await arrive(agents.firefox);
      const phone = await arrive(agents.phone);
      await firefox.signIn('grace');
      await phone.signIn('grace');

      await firefox.open('/');
      await firefox.press('Sign out Safari on iPhone');
      await firefox.hears('The device is signed out.');
      await expect.poll(() => firefox.page.locator(':focus').getAttribute('id')).toBe('devices');
      await phone.follow('Password');
      await phone.isSentAway();

      await phone.signIn('grace');
      await firefox.open('/');
      await firefox.press('Sign out all others');
      await firefox.hears('One other device is signed out.');
      await phone.follow('Devices');
      await phone.isSentAway();
      await firefox.press('Sign out');
      expect(firefox.path()).toBe('/sign-in');
    });

    it.each([
      ['wide', 'light', { width: 1200, height: 900 }],
      ['narrow', 'dark', { width: 390, height: 844 }],
    ] as const)('suits axe and fingers on a %s screen in %s mode', async (width, colorScheme, viewport) => {
      const running = await start();
      const browser = await launchChromium();
      const other = new DevicesClient(running.address, agents.phone);
      const visitor = await DevicesVisitor.arrive(browser, running.address, { viewport, colorScheme, userAgent: agents.firefox });
      const { page } = visitor;
      const check = async () => {
        await expect(axeViolations(page), visitor.path()).resolves.toEqual([]);
        await expect(smallTargets(page), visitor.path()).resolves.toEqual([]);
        await expect(overflow(page), visitor.path()).resolves.toBe(0);
      };
      await check();
      await visitor.signIn('admin', 'not the keys');
      await check();
      await visitor.signIn('admin');
      await other.signIn('admin');
      await new DevicesClient(running.address, agents.phone).signIn('ada');
      await visitor.hears('A device was signed in.');
      await expect.poll(() => visitor.devices()).toHaveLength(2);
      await check();
      if (process.env.SCREENSHOT) {
        await page.screenshot({ path: join(root, `docs/sample-02${width === 'wide' ? '' : '-narrow'}.png`), fullPage: true });
      }
      for (const path of ['/admin', '/password', '/nope']) {
        await visitor.open(path);
        await check();
      }
      await running.advance(6 * minutes);
      await visitor.open('/password');
      await check();
    });
  });

  it('ends nobody else’s session, whoever asks for it', async () => {
    const { address } = await start();
    const [ada, grace] = [new DevicesClient(address), new DevicesClient(address)];
    await ada.signIn('ada');
    await grace.signIn('grace');
    const handle = await grace.handle();

    await ada.post('/devices/end', { handle });
    await ada.post('/devices/end-others', {});
    expect((await ada.post('/admin/end-all', { userId: 'grace' })).status).toBe(403);
    const foreign = await grace.post('/devices/end-others', {}, { origin: 'https://example.com', 'sec-fetch-site': 'cross-site' });
    expect(foreign.status).toBe(403);
    await expect(foreign.text()).resolves.toContain('Another site sent this form.');
    await expect(grace.isSignedIn()).resolves.toBe(true);
    expect((await ada.post('/devices/end', {})).status).toBe(400);
  });

  it('changes no password without a fresh sign-in, nor to a short one', async () => {
    const running = await start();
    const ada = new DevicesClient(running.address);
    await ada.signIn('ada');
    expect((await ada.post('/password', { password: 'too short' })).status).toBe(400);
    await running.advance(6 * minutes);
    const late = await ada.post('/password', { password: 'a loom that weaves flowers' });
    expect([late.status, late.headers.get('location')]).toEqual([303, '/confirm']);
    expect((await new DevicesClient(running.address).signIn('ada')).status).toBe(303);
  });

  it('makes no session for a wrong name or password, nor for a page that needs a sign-in', async () => {
    const { address } = await start();
    const stranger = new DevicesClient(address);
    const wrong = await stranger.signIn('ada', 'difference engine');
    const nobody = await stranger.post('/sign-in', { name: 'nobody', password: 'difference engine' });
    expect([wrong.status, nobody.status]).toEqual([401, 401]);
    expect((await wrong.text()).replace('value="ada"', 'value="nobody"')).toBe(await nobody.text());
    const sent = await Promise.all(['/', '/password', '/confirm', '/admin', '/news'].map((path) => stranger.get(path)));
    expect(sent.map(({ status, headers }) => [status, headers.get('location')])).toEqual(sent.map(() => [303, '/sign-in']));
    expect(stranger.cookie).toBeUndefined();
  });

  it('ends when it is asked to, though a browser opened a connection ahead of need', async () => {
    const running = await start();
    await running.preconnect();
    await expect(running.stop()).resolves.toBe('');
  });

  it('signs out the oldest of six devices, and none of another user', async () => {
    const { address } = await start();
    const devices = Array.from({ length: 6 }, (_, index) => new DevicesClient(address, `device ${index}`));
    const grace = new DevicesClient(address);
    await grace.signIn('grace');
    for (const device of devices) await device.signIn('ada');
    const signedIn = await Promise.all([...devices, grace].map((device) => device.isSignedIn()));
    expect(signedIn).toEqual([false, true, true, true, true, true, true]);
  });
});
