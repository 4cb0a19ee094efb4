// A real browser for what must hold in one. Tests that need it say so and are skipped where there is none.
import { existsSync } from 'node:fs'
import { aptInstall } from './apt.mjs'

/** Installs Debian's Chromium where we may and none is named. */
export function ensureChromium() {
  const isThere = () => process.env.CHROMIUM !== undefined || existsSync('/usr/bin/chromium')
  if (!isThere()) aptInstall('chromium')
  if (!isThere())
    process.stderr.write('no Chromium: tests in a browser are skipped\nhint: sudo apt-get install chromium\n')
}
