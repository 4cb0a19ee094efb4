import { type Bound, bind, evidenceShape, refusedChecks, type Verified, verify } from '@allod/attestation'
import type { View } from '@allod/chain'
import { fromHex, sha256, toHex } from '@allod/protocol'
import type { Allod } from '../allod.ts'
import { type EvidenceVerdict, refusalOf, refusedBy } from './evidenceVerdict.ts'
import { fromAppraisal, type ProofCheck } from './proofCheck.ts'

/** What came of a bundle, its checks also as links of the chain of proof. */
export type BundleVerdict = EvidenceVerdict & { readonly proof: readonly ProofCheck[] }

/** Whom to trust, and a chain that says which builds are approved. */
type Judge = Pick<Allod, 'trust'> & {
  readonly chain: { readonly latest: () => Promise<Pick<View, 'buildOf' | 'build'>> }
}

/**
 * Checks an evidence bundle by itself: signatures, what report data binds, platform, and the build its measurement stands
 * for on chain. Whether it is fresh and of the order meant, only `verifyAgent` can say.
 * @param options.now Unix seconds at which dates are judged
 * @throws protocol/bad-shape, and whatever keeps the chain from being read; what does not verify is refused in the verdict
 */
export async function verifyEvidence(
  allod: Judge,
  value: unknown,
  { now = Math.floor(Date.now() / 1000) }: { readonly now?: number } = {},
): Promise<BundleVerdict> {
  const bundle = evidenceShape(value)
  let verified: Verified
  try {
    verified = await verify(bundle, { verifiers: allod.trust.verifiers, now })
  } catch (error) {
    return { ...refusedBy(error, bundle.cpu.kind, UNPROVED), proof: [] }
  }
  const [nonce] = bundle.bound.nonces
  const bound = await bind(verified, bundle.bound, {
    nonce: nonce ?? { id: toHex(new Uint8Array(32)), nonce: toHex(new Uint8Array(32)) },
    nonceValidUntil: Number.MAX_SAFE_INTEGER,
    expected: {},
  })
  const { checks: all, exceptions, validUntil } = await appraised(allod, bound)
  const checks = all.filter((c) => c.name !== 'nonce')
  const isAccepted = refusedChecks({ checks, exceptions }).length === 0
  const { cpu, devices } = verified
  const claims = [cpu, ...devices].map((v) => v.claims)
  return {
    isAccepted,
    error: refusalOf({ isAccepted, checks, exceptions, validUntil }),
    kind: cpu.kind,
    ...cpu.platform,
    claims: claims.length === 1 ? claims[0] : claims,
    checks,
    validUntil,
    unproved: UNPROVED,
    proof: fromAppraisal(checks),
  }
}

const UNPROVED = ['that this is fresh: a file answers no nonce of yours; `npx allod verify` asks the agent itself']

async function appraised({ trust, chain }: Judge, bound: Bound) {
  const view = await chain.latest()
  const { measurement } = bound.verified.cpu
  const build = await view.buildOf(toHex(sha256(fromHex(measurement))))
  const isApproved = build !== null && (await view.build(build)).isApproved
  return trust.appraise(bound, {
    minimumTcb: 0,
    gpus: 'any',
    minimumGpuFirmware: 0,
    machines: 'any',
    configs: 'any',
    builds: build !== null && isApproved ? [build] : [],
    measurements: new Map(build === null ? [] : [[measurement, build]]),
  })
}
