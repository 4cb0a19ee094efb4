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

const FLAGS = { processes: 'nproc', openFiles: 'nofile', dataBytes: 'data', fileBytes: 'fsize' } as const

/** The command that lowers the limits given and then runs what follows. Core dumps are always off. Pure. */
export const limitCommand = (prlimit: string, limits: Partial<KernelLimits>): readonly string[] => [
  prlimit,
  '--core=0',
  ...(Object.keys(FLAGS) as (keyof KernelLimits)[]).flatMap((name) =>
    limits[name] === undefined ? [] : [`--${FLAGS[name]}=${limits[name]}`],
  ),
]
