import { existsSync, readFileSync } from 'node:fs'
import { errorsOf } from '@allod/protocol'
import { limitCommand, sandboxCommand, seccompFilter } from '@allod/sandbox'
import { runWatched, withinOwnLimits } from '@allod/sandbox/node'
import { GUEST_UID, type SandboxPrograms } from './guestCommand.ts'

/** Whether sandboxes work here; if not, why, and what to do. */
export type SandboxProbe =
  | { readonly isUsable: true; readonly programs: SandboxPrograms }
  | {
      readonly isUsable: false
      readonly reason: 'not-linux' | 'no-bubblewrap' | 'no-util-linux' | 'apparmor' | 'no-user-namespaces'
      readonly fix: string
    }

const fail = errorsOf('environments', {
  'no-sandbox': ['this machine cannot run a sandbox', 'follow the fix, or go on without isolation by an explicit flag'],
})

const PROBE_LIMITS = { processes: 4096, openFiles: 1024, dataBytes: 1 << 28, fileBytes: 1 << 20 } as const
const APPARMOR = '/proc/sys/kernel/apparmor_restrict_unprivileged_userns'
const FOLDERS = ['/usr/bin', '/bin', '/usr/local/bin', '/usr/sbin', '/sbin']

/**
 * Finds the programs and starts a sandbox inside a sandbox, as a guest will; existing is not working.
 * @param folders where programs are looked for
 */
export async function probeSandbox(folders: readonly string[] = FOLDERS): Promise<SandboxProbe> {
  const find = (name: string) => folders.map((folder) => `${folder}/${name}`).find((path) => existsSync(path))
  if (process.platform !== 'linux')
    return { isUsable: false, reason: 'not-linux', fix: 'run the provider on Linux; sandboxes need its namespaces' }
  const [bwrap, prlimit, setpriv] = [find('bwrap'), find('prlimit'), find('setpriv')]
  if (bwrap === undefined)
    return { isUsable: false, reason: 'no-bubblewrap', fix: 'apt-get install -y bubblewrap (or dnf, pacman, apk)' }
  if (prlimit === undefined || setpriv === undefined)
    return { isUsable: false, reason: 'no-util-linux', fix: 'apt-get install -y util-linux' }
  const programs = { bwrap, prlimit, setpriv }
  const exit = await tryNested(programs)
  if (exit.reason === 'ok') return { isUsable: true, programs }
  return { isUsable: false, ...diagnose(exit.tail) }
}

/** The programs of a usable probe. @throws environments/no-sandbox with the fix */
export function requireSandbox(probe: SandboxProbe): SandboxPrograms {
  if (probe.isUsable) return probe.programs
  throw fail('no-sandbox', { actual: probe.reason, hint: probe.fix })
}

function tryNested({ bwrap, prlimit, setpriv }: SandboxPrograms) {
  const folders = ['/usr', '/bin', '/lib', '/lib64'].filter((folder) => existsSync(folder))
  const inner = [bwrap, '--unshare-all', '--die-with-parent', '--cap-drop', 'ALL']
  const view = folders.flatMap((folder) => ['--ro-bind', folder, folder])
  const user = process.getuid?.() === 0 ? [setpriv, `--reuid=${GUEST_UID}`, `--regid=${GUEST_UID}`] : []
  const stepDown = user.length > 0 ? [...user, '--clear-groups', '--no-new-privs'] : []
  return runWatched(
    [
      ...limitCommand(prlimit, withinOwnLimits(PROBE_LIMITS)),
      ...stepDown,
      ...sandboxCommand({
        bwrap,
        hostname: 'probe',
        mounts: [
          ...folders.map((folder) => ({ kind: 'read', from: folder, to: folder }) as const),
          { kind: 'memory', to: '/tmp', sizeBytes: 1 << 20 },
        ],
        command: [...inner, ...view, '--proc', '/proc', '--dev', '/dev', prlimit, '--version'],
      }),
    ],
    {
      seccomp: seccompFilter('outer', process.arch),
      limits: { memoryBytes: 1 << 28, wallMs: 10_000, folders: [] },
    },
  ).exit
}

// Ubuntu 24.04 and later let only confined programs make user namespaces (containers/bubblewrap, issue 632).
function diagnose(tail: string): { readonly reason: 'apparmor' | 'no-user-namespaces'; readonly fix: string } {
  const isRestricted = existsSync(APPARMOR) && readFileSync(APPARMOR, 'utf8').trim() === '1'
  if (isRestricted)
    return {
      reason: 'apparmor',
      fix:
        'let bubblewrap make user namespaces by an AppArmor profile of its own (`npm run demo` loads one where it may, and ' +
        'else says how); kernel.apparmor_restrict_unprivileged_userns=0 would open them to every program',
    }
  return {
    reason: 'no-user-namespaces',
    fix: `allow unprivileged user namespaces (sysctl -w user.max_user_namespaces=10000); bubblewrap said: ${tail.trim().slice(0, 300)}`,
  }
}
