import type { EvidenceBundle } from '@allod/attestation'
import {
  type BoundFacts,
  devicesHash,
  gpuNonce,
  type Hex,
  type JobDocument,
  reportData,
  specHash,
  type VerifierNonce,
} from '@allod/protocol'

/** What the machine's chip and devices answer; see chipDevice. Evidence and endorsements are base64url. */
export type Attester = {
  readonly cpuEvidence: (reportData: Uint8Array) => Promise<EvidenceBundle['cpu']>
  readonly deviceEvidence: (nonce: Hex) => Promise<EvidenceBundle['devices']>
}

/**
 * Evidence that binds these nonces and this key to this order.
 * @param key the HPKE key to bind: the grant key for keepers, the service key for clients
 */
export async function gatherEvidence(
  attester: Attester,
  job: JobDocument,
  key: { readonly role: 'grant' | 'client'; readonly hpkeKey: Hex; readonly signingAddress: Hex },
  nonces: readonly VerifierNonce[],
): Promise<EvidenceBundle> {
  const devices = await attester.deviceEvidence(gpuNonce(nonces, key.hpkeKey))
  const bound: BoundFacts = {
    ...key,
    nonces,
    tlsSpkiHash: null,
    devicesHash: devicesHash(devices.map((d) => Buffer.from(d.evidence, 'base64url'))),
    // A claim: keepers and clients hold it against the launch measurement.
    buildDigest: job.spec.build,
    specHash: specHash(job.spec),
    chainId: job.terms.chainId,
    market: job.terms.market,
    order: job.order,
    generation: job.generation,
  }
  return { version: 1, cpu: await attester.cpuEvidence(reportData(bound)), devices, bound }
}
