import {
  type Admission,
  allodDomain,
  enclaveAttestedType,
  grantKeyHash,
  signDigest,
  typedDigest,
  type VoteReply,
  voteOf,
} from '@allod/protocol'
import { fail } from '../errors.ts'
import { judgeAdmission } from '../judge/judgeAdmission.ts'
import type { Keeper } from '../Keeper.ts'

/**
 * Phase one: signs that this enclave passed every check of its order. Read at the newest block, because a vote releases
 * nothing; the grant reads again, at a final one.
 * @throws the code of the first check that fails, keeper/evidence-expiring, keeper/challenge-expired
 */
export async function vote(admission: Admission, keeper: Keeper): Promise<VoteReply> {
  const judged = await judgeAdmission(admission, 'vote', keeper)
  const { config, keys, log } = keeper
  const { order, generation, enclave, bundle, evidence, validUntil } = judged
  const message = voteOf(admission, evidence, grantKeyHash(bundle.bound.hpkeKey), admission.spec.build)
  if (message.validUntil <= keeper.now()) throw fail('challenge-expired', { actual: message.validUntil })
  if (validUntil < message.validUntil)
    throw fail('evidence-expiring', { expected: `>= ${message.validUntil}`, actual: validUntil })
  await log.append({ kind: 'vote', order, generation, enclave, subject: evidence, outcome: 'ok' })
  const digest = typedDigest(allodDomain(BigInt(config.chainId), config.addresses.market), enclaveAttestedType, message)
  return {
    vote: message,
    signature: { signer: keys.signing.address, signature: signDigest(keys.signing, digest) },
  }
}
