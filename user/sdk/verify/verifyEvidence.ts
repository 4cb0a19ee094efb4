import { bind, evidenceShape, verify } from '@allod/attestation'
import { fromHex, sha256, toHex } from '@allod/protocol'
import type { Allod } from '../allod.ts'
import { fromAppraisal, type ProofCheck } from './proofCheck.ts'

/**
 * Checks an evidence bundle by itself: signatures, what report data binds, platform, and the build its measurement stands
 * for on chain. Whether it is fresh and of the order meant, only `verifyAgent` can say.
 * @throws protocol/bad-shape, attestation/… where a signature or chain does not hold
 */
export async function verifyEvidence({ trust, chain }: Allod, value: unknown): Promise<readonly ProofCheck[]> {
  const bundle = evidenceShape(value)
  const now = Math.floor(Date.now() / 1000)
  const verified = await verify(bundle, { verifiers: trust.verifiers, now })
  const [nonce] = bundle.bound.nonces
  const bound = bind(verified, bundle.bound, {
    nonce: nonce ?? { id: toHex(new Uint8Array(32)), nonce: toHex(new Uint8Array(32)) },
    nonceValidUntil: now,
    expected: {},
  })
  const view = await chain.latest()
  const { measurement } = verified.cpu
  const build = await view.buildOf(toHex(sha256(fromHex(measurement))))
  const isApproved = build !== null && (await view.build(build)).isApproved
  const { checks } = trust.appraise(bound, {
    minimumTcb: 0,
    gpus: 'any',
    minimumGpuFirmware: 0,
    machines: 'any',
    configs: 'any',
    builds: build !== null && isApproved ? [build] : [],
    measurements: new Map(build === null ? [] : [[measurement, build]]),
  })
  return fromAppraisal(checks).filter((c) => c.name !== 'nonce')
}
