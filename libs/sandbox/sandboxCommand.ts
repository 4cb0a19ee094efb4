/** One thing visible inside a sandbox; applied in order. */
export type Mount =
  | { readonly kind: 'read'; readonly from: string; readonly to: string }
  | { readonly kind: 'write'; readonly from: string; readonly to: string }
  /** A folder in memory, of at most `sizeBytes`. */
  | { readonly kind: 'memory'; readonly to: string; readonly sizeBytes: number }
  /** Nothing can be created in `to` any more. */
  | { readonly kind: 'freeze'; readonly to: string }

/** Descriptors that the launcher passes: the seccomp program to read, and where bubblewrap reports. */
export const SECCOMP_FD = 3
export const STATUS_FD = 4

/**
 * The bubblewrap command for a program that sees only `mounts`, own processes, no network, no capability and no
 * environment of its launcher's. Pure: the same spec gives the same words.
 */
export function sandboxCommand(spec: {
  readonly bwrap: string
  readonly hostname: string
  readonly mounts: readonly Mount[]
  /** `HOME` inside, for libraries that insist on one; the only variable there is, with `PWD`. */
  readonly home?: string
  readonly command: readonly string[]
}): readonly string[] {
  return [
    spec.bwrap,
    '--unshare-all',
    '--die-with-parent',
    '--new-session',
    '--clearenv',
    ...(spec.home === undefined ? [] : ['--setenv', 'HOME', spec.home]),
    '--cap-drop',
    'ALL',
    '--hostname',
    spec.hostname,
    ...spec.mounts.flatMap(mountWords),
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    '--remount-ro',
    '/dev',
    '--chdir',
    '/',
    '--seccomp',
    String(SECCOMP_FD),
    '--json-status-fd',
    String(STATUS_FD),
    '--',
    ...spec.command,
  ]
}

function mountWords(mount: Mount): readonly string[] {
  switch (mount.kind) {
    case 'read':
      return ['--ro-bind', mount.from, mount.to]
    case 'write':
      return ['--bind', mount.from, mount.to]
    case 'memory':
      return ['--size', String(mount.sizeBytes), '--tmpfs', mount.to]
    case 'freeze':
      return ['--remount-ro', mount.to]
    default:
      return mount satisfies never
  }
}
