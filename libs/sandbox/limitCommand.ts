/** Kernel limits that children inherit and cannot raise. */
export type KernelLimits = {
  /** Tasks of this uid in the sandbox's user namespace; bounds a fork bomb. */
  readonly processes: number
  readonly openFiles: number
  /** Private writable memory of any one process; catches a burst between two polls. */
  readonly dataBytes: number
  /** Largest single file. */
  readonly fileBytes: number
}

/** The command that lowers the limits and then runs what follows. Core dumps are always off. Pure. */
export const limitCommand = (prlimit: string, limits: KernelLimits): readonly string[] => [
  prlimit,
  '--core=0',
  `--nproc=${limits.processes}`,
  `--nofile=${limits.openFiles}`,
  `--data=${limits.dataBytes}`,
  `--fsize=${limits.fileBytes}`,
]
