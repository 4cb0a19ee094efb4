import type { Hex } from '@allod/protocol'

/** What an appraisal demands of any kind of evidence. */
export type CommonPolicy = {
  /** Lowest TCB number accepted. */
  readonly minimumTcb: number
  /** Exact number of GPUs, or any. Each one presented is checked either way. */
  readonly gpus: number | 'any'
  /** Lowest GPU firmware accepted. */
  readonly minimumGpuFirmware: number
  readonly machines: 'any' | readonly Hex[]
  /** Build digests approved: the policy's pins, or what the registry lists at this moment. */
  readonly builds: readonly Hex[]
  /** Launch measurement → build digest, from the registry or from the one who pinned it. */
  readonly measurements: ReadonlyMap<Hex, Hex>
  /** Hashes of acceptable launch configurations. */
  readonly configs: 'any' | readonly Hex[]
}

/** A policy for hardware. It has no field that could admit simulated evidence. */
export type ProductionPolicy = CommonPolicy & { readonly kinds: readonly ('tdx' | 'sevsnp')[] }
