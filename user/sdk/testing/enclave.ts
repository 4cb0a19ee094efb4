import { marketTerms, termsArgs } from '@allod/chain'
import {
  aliveType,
  allodDomain,
  type Eip712Message,
  type Eip712Type,
  enclaveAttestedType,
  type Hex,
  newSigningKey,
  noLineage,
  reportedType,
  type SigningKey,
  signDigest,
  typedDigest,
} from '@allod/protocol'
import type { Allod } from '../allod.ts'
import { writerOf } from '../allod.ts'
import type { OrderRecord } from '../order/orderRecord.ts'
import type { Wallet } from '../wallet/wallet.ts'
import { build, type TestKeeper } from './localNetwork.ts'

const fill = (byte: string): Hex => `0x${byte.repeat(32)}`

/** An enclave as far as the chain sees one: keepers vote for it and attest its time, it reports. */
export function playEnclave(allod: Allod, provider: Wallet, keepers: readonly TestKeeper[], record: OrderRecord) {
  const enclave = newSigningKey()
  const { network } = allod
  const domain = allodDomain(BigInt(network.chainId), network.addresses.market)
  const writer = writerOf(allod, provider)
  const voters = [...keepers.slice(0, 2)].sort((a, b) => (a.key.address < b.key.address ? -1 : 1))
  const votes = (type: Eip712Type, message: Eip712Message): readonly Hex[] =>
    voters.map(({ key }) => signDigest(key, typedDigest(domain, type, message)))
  const { order } = record
  const now = async (): Promise<number> => (await allod.chain.latest()).block.time
  return {
    enclave: enclave as SigningKey,
    evidenceHash: fill('e5'),
    async start(evidenceHash: Hex = fill('e5')): Promise<void> {
      const attestation = {
        enclave: enclave.address,
        grantKeyHash: fill('d4'),
        build,
        evidenceHash,
        validUntil: (await now()) + 600,
      }
      const message = { order, generation: 1, committee: record.spec.committee, ...attestation }
      await writer.send('market', 'start', [
        termsArgs(marketTerms(record.terms)),
        { ...attestation, validUntil: BigInt(attestation.validUntil) },
        votes(enclaveAttestedType, message),
      ])
    },
    async beat(seconds: number): Promise<void> {
      const { startedAt } = await (await allod.chain.latest()).order(order)
      const [from, upTo] = [startedAt, startedAt + seconds]
      const message = { order, generation: 1, from, upTo }
      await writer.send('market', 'beat', [order, 1, BigInt(from), BigInt(upTo), votes(aliveType, message)])
    },
    async report(reportHash: Hex, lineage: Hex = noLineage): Promise<void> {
      const message = { order, generation: 1, reportHash, lineage }
      const signature = signDigest(enclave, typedDigest(domain, reportedType, message))
      await writer.send('market', 'report', [order, 1, reportHash, lineage, signature])
    },
  }
}
