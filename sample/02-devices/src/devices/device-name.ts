import Bowser from 'bowser';

export interface DeviceName {
  /** Browser and system in words: "Firefox on Windows". */
  readonly name: string;
  readonly isHandheld: boolean;
}

/** What a browser says of itself: a hint, not proof. */
export function deviceName(userAgent: string | undefined): DeviceName {
  if (!userAgent) return { name: 'An unknown device', isHandheld: false };
  const { browser, os, platform } = Bowser.parse(userAgent);
  const system = platform.vendor === 'Apple' && platform.model ? platform.model : os.name;
  return {
    name: `${browser.name || 'An unknown browser'} on ${system ?? 'an unknown system'}`,
    isHandheld: platform.type === 'mobile' || platform.type === 'tablet',
  };
}
