// Ubuntu 24.04 and later let only confined programs make user namespaces. A profile for bubblewrap alone opens that to it, and
// to what it starts; the switch in sysctl would open it to every program of the machine.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

/** Says 1 where they may not. */
export const SWITCH = '/proc/sys/kernel/apparmor_restrict_unprivileged_userns'
const FILE = '/etc/apparmor.d/allod-bwrap'

/** Lets bubblewrap, and nothing else, make user namespaces. */
export const PROFILE = `abi <abi/4.0>,
include <tunables/global>

profile allod-bwrap /usr/bin/bwrap flags=(unconfined) {
  userns,
}
`

/** What to type where we may not do it. */
export const APPARMOR_FIX = `printf '%s' '${PROFILE}' | sudo tee ${FILE} && sudo apparmor_parser -r ${FILE}`

/** Whether this kernel keeps unconfined programs from making user namespaces. */
export const isRestricted = (file) => existsSync(file) && readFileSync(file, 'utf8').trim() === '1'

/** Tries to load the profile; whoever calls looks whether bubblewrap works afterwards. */
export function loadProfile(isRoot) {
  const sudo = isRoot ? [] : ['sudo', '-n']
  const run = (args, input) => {
    const [command, ...rest] = [...sudo, ...args]
    return spawnSync(command, rest, { input, stdio: ['pipe', 'ignore', 2] }).status === 0
  }
  if (sudo.length > 0 && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status !== 0) return
  process.stderr.write(`letting bubblewrap make user namespaces: ${FILE}\n`)
  if (run(['tee', FILE], PROFILE)) run(['apparmor_parser', '-r', FILE], '')
}
