import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const { CHROMIUM } = process.env

const places = [
  ...(CHROMIUM === undefined ? [] : [CHROMIUM]),
  ...['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable'],
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Where this machine has a Chromium, `$CHROMIUM` first; null where it has none. */
export const chromiumPath: string | null = places.find(existsSync) ?? null

/** Starts it headless. The sandbox is off: as root it does not start, and only our own bundle runs in it. */
export const openChromium = (path: string): Promise<Browser> =>
  chromium.launch({ executablePath: path, headless: true, args: ['--no-sandbox', '--disable-gpu'] })
