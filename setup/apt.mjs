// Debian's packages, where we may install any: as root, or with a sudo that asks for nothing.
import { spawnSync } from 'node:child_process'

/** Tries to install a package; whoever calls looks whether it is there afterwards. */
export function aptInstall(name, isRoot = process.getuid() === 0) {
  const sudo = isRoot ? [] : ['sudo', '-n']
  if (sudo.length > 0 && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status !== 0) return
  process.stderr.write(`installing ${name} with apt-get\n`)
  // By way of env: sudo takes what it is started with away.
  const quietly = [...sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-o', 'DPkg::Lock::Timeout=300']
  const apt = (...args) => {
    const [command, ...rest] = [...quietly, '-q', '-y', ...args]
    return spawnSync(command, rest, { stdio: ['ignore', 2, 2] })
  }
  if (apt('install', '--no-install-recommends', name).status !== 0) {
    apt('update')
    apt('install', '--no-install-recommends', name)
  }
}
