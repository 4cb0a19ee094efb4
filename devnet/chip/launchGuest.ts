import { createHash, randomBytes } from 'node:crypto'
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type ChipLaunch,
  GUEST_PATHS,
  guestCommand,
  guestKernelLimits,
  type SandboxPrograms,
  unisolatedCommand,
} from '@allod/environments'
import type { Hex } from '@allod/protocol'
import { seccompFilter } from '@allod/sandbox'
import { runWatched, type Watched, withinOwnLimits } from '@allod/sandbox/node'
import type { BuildStore } from './buildStore.ts'
import { openReportDevice, type ReportSource } from './reportDevice.ts'
import type { Launched } from './reportSource.ts'

/** What the chip needs to start guests. */
export type Launcher = {
  /** A folder for what each guest is given. */
  readonly scratchDir: string
  readonly builds: BuildStore
  /** Null where this machine has no sandbox; then only unisolated guests start. */
  readonly programs: () => SandboxPrograms
  readonly source: (launched: Launched) => ReportSource
}

/** Measures what it starts, starts what it measured, and gives the guest a report device of its own. */
export async function launchGuest(
  { scratchDir, builds, programs, source }: Launcher,
  launch: ChipLaunch,
): Promise<Watched & { readonly build: Hex }> {
  const isIsolated = launch.isolation === 'bubblewrap'
  const found = isIsolated ? programs() : null
  const { build, dir: rootfs } = await builds.admit(launch.rootfs)
  const configHash: Hex = `0x${createHash('sha256').update(launch.config).digest('hex')}`
  // Its name cannot be guessed: the report device in it answers whoever reaches it.
  const room = join(scratchDir, randomBytes(16).toString('hex'))
  const paths = { config: join(room, GUEST_PATHS.config), chip: join(room, GUEST_PATHS.chip) }
  await openly(room)
  await openly(join(room, 'run'))
  await writeFile(paths.config, launch.config, { mode: 0o444 })
  const device = await openReportDevice(paths.chip, source({ build, configHash, isIsolated }))
  const close = async () => {
    device.close()
    await rm(room, { recursive: true, force: true })
  }
  if (!isIsolated) {
    for (const folder of ['tmp', 'work', 'out']) await mkdir(join(room, folder))
    await symlink(launch.channel, join(room, GUEST_PATHS.channel))
  }
  const { memoryBytes, wallMs } = launch.limits
  const files = { rootfs, ...paths, channel: launch.channel }
  const watched = runWatched(
    found === null
      ? unisolatedCommand(rootfs, room)
      : guestCommand(found, files, {
          limits: launch.limits,
          kernel: withinOwnLimits(guestKernelLimits(launch.limits)),
          isRoot: process.getuid?.() === 0,
        }),
    {
      seccomp: found === null ? null : seccompFilter('outer', process.arch),
      limits: { memoryBytes, wallMs, folders: [] },
    },
  )
  return { ...watched, build, exit: watched.exit.finally(close) }
}

async function openly(folder: string): Promise<void> {
  await mkdir(folder)
  await chmod(folder, 0o711)
}
