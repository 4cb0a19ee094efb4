import { join } from 'node:path'
import { type KernelLimits, limitCommand, type Mount, sandboxCommand } from '@allod/sandbox'
import type { GuestLimits } from './guestLimits.ts'

/** Programs of the host that start a sandbox. */
export type SandboxPrograms = { readonly bwrap: string; readonly prlimit: string; readonly setpriv: string }

/** The uid a guest gets where its launcher is root. */
export const GUEST_UID = 65_534

const TMP_BYTES = 64 << 20
// A process may map more than it uses: thread stacks and V8's reserves count as writable memory.
const DATA_SLACK_BYTES = 1 << 30

/** Where a guest finds things: the same names in a sandbox (under `/`) and without one (under its base folder). */
export const GUEST_PATHS = { channel: 'run/host.sock', chip: 'run/chip.sock', config: 'config.json' } as const

/** Files of the host that one guest sees. */
export type GuestFiles = {
  readonly rootfs: string
  readonly config: string
  readonly channel: string
  readonly chip: string
}

/** The kernel's limits for a guest; its engine can only be given less. Pure. */
export const guestKernelLimits = (limits: GuestLimits): KernelLimits => ({
  processes: limits.processes,
  openFiles: 4096,
  dataBytes: limits.memoryBytes + DATA_SLACK_BYTES,
  fileBytes: Math.max(limits.workBytes, limits.outBytes, TMP_BYTES),
})

/**
 * The whole command that runs a guest in a sandbox. Pure.
 * @param options.kernel as `guestKernelLimits`, within what the launcher itself may use
 * @param options.isRoot the launcher is root and must step down first
 */
export function guestCommand(
  { bwrap, prlimit, setpriv }: SandboxPrograms,
  files: GuestFiles,
  { limits, kernel, isRoot }: { readonly limits: GuestLimits; readonly kernel: KernelLimits; readonly isRoot: boolean },
): readonly string[] {
  const stepDown = isRoot
    ? [setpriv, '--reuid', `${GUEST_UID}`, '--regid', `${GUEST_UID}`, '--clear-groups', '--no-new-privs']
    : []
  const mounts: readonly Mount[] = [
    { kind: 'read', from: files.rootfs, to: '/' },
    { kind: 'read', from: files.config, to: `/${GUEST_PATHS.config}` },
    { kind: 'memory', to: '/run', sizeBytes: 65_536 },
    { kind: 'write', from: files.channel, to: `/${GUEST_PATHS.channel}` },
    { kind: 'write', from: files.chip, to: `/${GUEST_PATHS.chip}` },
    { kind: 'freeze', to: '/run' },
    { kind: 'memory', to: '/tmp', sizeBytes: TMP_BYTES },
    { kind: 'memory', to: '/work', sizeBytes: limits.workBytes },
    { kind: 'memory', to: '/out', sizeBytes: limits.outBytes },
  ]
  // Tasks are limited inside: the kernel holds the limit that a user namespace was made under against every task of the user
  // outside it, so that other guests, and the launcher's own programs where it is not root, would count too.
  const { processes, ...outside } = kernel
  const program = [...limitCommand('/bin/prlimit', { processes }), '/bin/node', '/app/main.mjs']
  return [
    ...limitCommand(prlimit, outside),
    ...stepDown,
    ...sandboxCommand({ bwrap, hostname: 'enclave', mounts, command: program }),
  ]
}

/** The command that runs a guest as a plain process under `base`, where no sandbox is to be had. Pure. */
export const unisolatedCommand = (rootfs: string, base: string): readonly string[] => [
  join(rootfs, 'bin/node'),
  join(rootfs, 'app/main.mjs'),
  '--unisolated',
  base,
]
