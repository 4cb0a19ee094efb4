import type { EvidenceBundle } from '@allod/attestation'
import { type BoundFacts, devicesHash, type Hex, reportData, type VerifierNonce } from '@allod/protocol'
import type { KeeperConfig } from './config.ts'
import type { KeeperKeys } from './keys/keeperKeys.ts'

/** What a keeper needs of the TEE it runs in. */
export type Chip = {
  readonly cpuEvidence: (reportData: Uint8Array) => Promise<EvidenceBundle['cpu']>
}

const NOTHING: Hex = `0x${'00'.repeat(32)}`

/** Evidence that binds both of a keeper's keys, over a verifier's nonce. A keeper has no order and no devices. */
export async function ownEvidence(
  chip: Chip,
  { hpke, signing }: Pick<KeeperKeys, 'hpke' | 'signing'>,
  { chainId, addresses, build }: Pick<KeeperConfig, 'chainId' | 'addresses' | 'build'>,
  nonce: VerifierNonce,
): Promise<EvidenceBundle> {
  const bound: BoundFacts = {
    role: 'keeper',
    nonces: [nonce],
    hpkeKey: hpke.publicKey,
    signingAddress: signing.address,
    tlsSpkiHash: null,
    devicesHash: devicesHash([]),
    // A claim: whoever checks holds it against the launch measurement.
    buildDigest: build,
    specHash: NOTHING,
    chainId,
    market: addresses.market,
    order: NOTHING,
    generation: 0,
  }
  return { version: 1, cpu: await chip.cpuEvidence(reportData(bound)), devices: [], bound }
}
