import { marketTerms, termsArgs } from '@allod/chain'
import type { ChainWriter } from '@allod/chain/write'
import { isAllodError, type OrderTerms, orderId } from '@allod/protocol'
import type { ChainPort } from './ChainPort.ts'

/** The provider's writes, as Market's calls. */
export function writePort(writer: ChainWriter): ChainPort {
  const args = (terms: OrderTerms) => termsArgs(marketTerms(terms))
  return {
    async start(terms, { vote, signatures }) {
      await writer.send('market', 'start', [args(terms), attestation(vote), signatures.map((s) => s.signature)])
    },
    async rebind(terms, { vote, signatures }) {
      await writer.send('market', 'rebind', [args(terms), attestation(vote), signatures.map((s) => s.signature)])
    },
    async beat(terms, { alive, signatures }) {
      const { generation, from, upTo } = alive
      try {
        await writer.send('market', 'beat', [
          orderId(terms),
          generation,
          BigInt(from),
          BigInt(upTo),
          signatures.map((s) => s.signature),
        ])
      } catch (error) {
        // Time that was attested before is paid already.
        if (!isAllodError(error, 'market/nothing-new')) throw error
      }
    },
    async report(terms, { reported, signature }) {
      await writer.send('market', 'report', [
        orderId(terms),
        reported.generation,
        reported.reportHash,
        reported.lineage,
        signature,
      ])
    },
    async fail(terms, { failed, signature }) {
      await writer.send('market', 'fail', [args(terms), failed.generation, failed.reason, failed.input, signature])
    },
    async end(terms) {
      await writer.send('market', 'end', [args(terms)])
    },
  }
}

const attestation = ({
  enclave,
  grantKeyHash,
  build,
  evidenceHash,
  validUntil,
}: Parameters<ChainPort['start']>[1]['vote']) => ({
  enclave,
  grantKeyHash,
  build,
  evidenceHash,
  validUntil: BigInt(validUntil),
})
