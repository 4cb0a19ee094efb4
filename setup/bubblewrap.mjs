// The sandbox that stands in for a confidential machine's walls. Installed where we may; otherwise we say how.
import { spawnSync } from 'node:child_process'
import { aptInstall } from './apt.mjs'

const works = () =>
  spawnSync('bwrap', ['--unshare-all', '--ro-bind', '/', '/', 'true'], { stdio: 'ignore' }).status === 0
const present = () => spawnSync('bwrap', ['--version'], { stdio: 'ignore' }).status === 0

/** Goes on only with a working bubblewrap, or loudly without one where that was asked for. */
export async function ensureBubblewrap(allowUnisolated) {
  if (!present()) aptInstall('bubblewrap')
  if (present() && works()) return
  const why = present()
    ? 'bubblewrap is installed but may not make namespaces here\nhint: on Ubuntu 24.04: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0'
    : 'bubblewrap is not installed\nhint: sudo apt-get install bubblewrap'
  if (!allowUnisolated) {
    process.stderr.write(`${why}\nor go on without walls between the parties: add --allow-unisolated\n`)
    process.exit(1)
  }
  process.stderr.write(
    `WARNING: ${why}\nWARNING: going on WITHOUT ISOLATION, as told: nothing separates the enclaves from this machine\n`,
  )
}
