import type { Hex } from '@allod/protocol'
import type { Exception } from './appraisal.ts'
import { type NvidiaPolicy, strictNvidia } from './nvidia/policy.ts'
import { type SevSnpPolicy, strictSevSnp } from './sevsnp/policy.ts'
import { strictTdx, type TdxPolicy } from './tdx/policy.ts'

/** What an appraisal demands of any kind of evidence. */
export type CommonPolicy = {
  /** Lowest TCB number accepted; of SEV-SNP's, each byte by itself. */
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

/** What is demanded of hardware, by kind. No field of it could admit simulated evidence or debugging. */
export type HardwarePolicy = {
  readonly kinds: readonly ('tdx' | 'sevsnp')[]
  readonly tdx: TdxPolicy
  readonly sevsnp: SevSnpPolicy
  readonly nvidia: NvidiaPolicy
  /** What may stay unknown. Empty by default. */
  readonly exceptions: readonly Exception[]
}

export type ProductionPolicy = CommonPolicy & HardwarePolicy

/** The default: strict in every clause, no exception. */
export const strictHardware: HardwarePolicy = {
  kinds: ['tdx', 'sevsnp'],
  tdx: strictTdx,
  sevsnp: strictSevSnp,
  nvidia: strictNvidia,
  exceptions: [],
}

/** What is demanded of evidence that came as its maker's own file. */
export type UnboundPolicy = HardwarePolicy &
  Pick<CommonPolicy, 'minimumTcb' | 'gpus' | 'minimumGpuFirmware' | 'machines' | 'configs'> & {
    readonly measurements: 'any' | readonly Hex[]
  }
