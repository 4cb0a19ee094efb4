import type { EvidenceBundle, Verifier } from '@allod/attestation'
import type { Hex, VerifierNonce } from '@allod/protocol'
import type { ReadChain } from './chain/ChainFacts.ts'
import type { KeeperConfig } from './config.ts'
import type { Appraise } from './judge/requireEvidence.ts'
import type { KeeperKeys } from './keys/keeperKeys.ts'
import type { DecisionLog } from './log/DecisionLog.ts'

/** Everything a keeper decides with. Nothing in it changes while it runs, but for the place in the log. */
export type Keeper = {
  readonly config: KeeperConfig
  readonly keys: KeeperKeys
  readonly log: DecisionLog
  /** Unix seconds. */
  readonly now: () => number
  readonly random: (sizeBytes: number) => Uint8Array
  readonly readChain: ReadChain
  /** The kinds of evidence this bundle verifies. */
  readonly verifiers: readonly Verifier[]
  readonly appraise: Appraise
  /** The launch measurement that a build has, for owners who pin builds; null where it cannot be predicted. */
  readonly predictMeasurement: (build: Hex) => Hex | null
  /** Evidence of this keeper's own keys over a verifier's nonce. */
  readonly ownEvidence: (nonce: VerifierNonce) => Promise<EvidenceBundle>
}
