// The sandbox that stands in for a confidential machine's walls. Installed where we may; otherwise we say how.
import { spawnSync } from 'node:child_process'
import { APPARMOR_FIX, isRestricted, loadProfile, SWITCH } from './apparmor.mjs'
import { aptInstall } from './apt.mjs'

// As a guest is started: by nobody, where we are root, and with a sandbox inside the sandbox.
const STEP_DOWN = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs']
const SANDBOX = ['bwrap', '--unshare-all', '--ro-bind', '/', '/', '--proc', '/proc', '--dev', '/dev']

const works = (isRoot) => {
  const [command, ...args] = [...(isRoot ? STEP_DOWN : []), ...SANDBOX, ...SANDBOX, 'true']
  return spawnSync(command, args, { stdio: 'ignore', timeout: 10_000 }).status === 0
}
const present = () => spawnSync('bwrap', ['--version'], { stdio: 'ignore' }).status === 0

/**
 * Goes on only with a working bubblewrap, or loudly without one where that was asked for.
 * @param options.userns the kernel's switch that keeps programs from making user namespaces
 */
export async function ensureBubblewrap(allowUnisolated, { isRoot = process.getuid() === 0, userns = SWITCH } = {}) {
  if (!present()) aptInstall('bubblewrap', isRoot)
  const isThere = present()
  let isWorking = isThere && works(isRoot)
  if (isThere && !isWorking && isRestricted(userns)) {
    loadProfile(isRoot)
    isWorking = works(isRoot)
  }
  if (isWorking) return
  const why = !isThere
    ? 'bubblewrap is not installed\nhint: sudo apt-get install bubblewrap'
    : isRestricted(userns)
      ? `bubblewrap is installed but AppArmor keeps it from making namespaces\nhint: ${APPARMOR_FIX}\nwhere that is not enough: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, which opens them to every program`
      : 'bubblewrap is installed but may not make namespaces here\nhint: sudo sysctl -w user.max_user_namespaces=10000; a container needs to be started with user namespaces allowed'
  if (!allowUnisolated) {
    process.stderr.write(`${why}\nor, for the demo, go on without walls between the parties: add --allow-unisolated\n`)
    process.exit(1)
  }
  process.stderr.write(
    `WARNING: ${why}\nWARNING: going on WITHOUT ISOLATION, as told: nothing separates the enclaves from this machine\n`,
  )
}
