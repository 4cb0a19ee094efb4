import {
  type Appraisal,
  type Bound,
  bind,
  type CommonPolicy,
  type EvidenceBundle,
  requireAccepted,
  type Verified,
} from '@allod/attestation'
import { type Admission, type Challenge, type Hex, noncesHash, type Policy, type Terms } from '@allod/protocol'
import { fail } from '../errors.ts'

/**
 * Judges bound evidence under the clause of a policy.
 * @throws keeper/tee-refused for a kind of trust that this bundle was not made for
 */
export type Appraise = (bound: Bound, tee: Policy['tee'], demands: CommonPolicy) => Appraisal

/**
 * Report data binds this enclave's keys to this order, this spec, all challenges and a build that its launch measurement
 * shows; the machine meets every owner's demands.
 * @param options.measurements launch measurement → build, from the registry or, where an owner pins builds, predicted
 * @throws keeper/nonces-mismatch, keeper/gpu-missing, keeper/tee-refused, attestation/…
 */
export async function requireEvidence(
  { bundle, verified }: { readonly bundle: EvidenceBundle; readonly verified: Verified },
  { challenges, spec, terms, launch }: Pick<Admission, 'challenges' | 'spec' | 'terms' | 'launch'>,
  options: {
    readonly own: Challenge
    readonly terms: Terms
    readonly measurements: ReadonlyMap<Hex, Hex>
    readonly appraise: Appraise
  },
): Promise<Appraisal> {
  const { own, measurements, appraise } = options
  const { tee, machines } = options.terms
  const expectedNonces = noncesHash(challenges.map(({ keeper, nonce }) => ({ id: keeper, nonce })))
  const actualNonces = noncesHash(bundle.bound.nonces)
  if (expectedNonces !== actualNonces) throw fail('nonces-mismatch', { expected: expectedNonces, actual: actualNonces })
  const { order, generation, enclave } = launch.message
  const bound = await bind(verified, bundle.bound, {
    nonce: { id: own.keeper, nonce: own.nonce },
    nonceValidUntil: own.expires,
    expected: {
      role: 'grant',
      signingAddress: enclave,
      specHash: terms.specHash,
      chainId: terms.chainId,
      market: terms.market,
      order,
      generation,
    },
  })
  const appraisal = appraise(bound, tee, {
    minimumTcb: tee.minimumTcb,
    gpus: 'any',
    minimumGpuFirmware: 0,
    machines: machines.kind === 'list' ? machines.list : 'any',
    builds: [spec.build],
    measurements,
    configs: 'any',
  })
  requireAccepted(appraisal)
  if (tee.gpu === 'required' && !verified.devices.some((d) => d.role === 'gpu')) throw fail('gpu-missing')
  return appraisal
}
