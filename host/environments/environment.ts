import type { Duplex } from 'node:stream'
import type { Hex } from '@allod/protocol'
import type { WatchedExit } from '@allod/sandbox/node'
import type { GuestLimits } from './guestLimits.ts'
import type { SandboxProbe } from './probeSandbox.ts'

/** What to launch. Nothing else reaches the guest: no environment variables, no other files. */
export type LaunchSpec = {
  /** A staged root filesystem; every file of it is measured. */
  readonly rootfs: string
  /** Launch configuration, at most 256 KiB; measured, and readable inside as `/config.json`. Holds no secret. */
  readonly config: Uint8Array
  readonly limits: GuestLimits
}

/** A guest that runs and has connected to its host. */
export type EnvironmentHandle = {
  /** The one byte channel between guest and host. */
  readonly channel: Duplex
  readonly build: Hex
  readonly measurement: Hex
  /** Why it ended. */
  readonly exit: Promise<WatchedExit>
  kill(): void
}

/** A way to run measured code that the host cannot look into; with the simulated chip, a stand-in for one. */
export type ConfidentialEnvironment = {
  /** `process`: bubblewrap and the simulated chip. `unisolated`: a plain process, for machines without bubblewrap. */
  readonly kind: 'process' | 'unisolated'
  readonly isolation: 'bubblewrap' | 'none'
  /** Whether this machine can launch it, and what to do if not. */
  probe(): Promise<SandboxProbe>
  /**
   * Measures, starts, and waits for the guest to connect.
   * @throws environments/launch-failed, environments/chip-unreachable, and the chip's own refusals
   */
  launch(spec: LaunchSpec): Promise<EnvironmentHandle>
}
