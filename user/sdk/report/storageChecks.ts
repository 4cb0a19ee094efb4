import { requireStorageReceipt } from '@allod/content'
import type { ReportPredicate } from '@allod/protocol'
import type { ProofCheck } from '../verify/proofCheck.ts'

/** Each output's manifest must be held, by signed word, by at least one of the spec's stores; how many is shown. */
export function storageChecks({ outputs, storage, spec }: ReportPredicate): readonly ProofCheck[] {
  return outputs.map(({ name, manifestHash }) => {
    const holders = new Set(
      spec.stores.filter(({ address }) =>
        storage.some((receipt) => {
          if (receipt.digest !== manifestHash || receipt.by.signer !== address) return false
          try {
            requireStorageReceipt(receipt, { store: address, digest: manifestHash, sizeBytes: receipt.sizeBytes })
            return true
          } catch {
            return false
          }
        }),
      ),
    )
    return {
      name: `stored-${name}`,
      link: 'order',
      source: 'report',
      result: holders.size >= 1 ? 'pass' : 'fail',
      expected: `1 to ${spec.stores.length} of the order's stores`,
      actual: String(holders.size),
    }
  })
}
