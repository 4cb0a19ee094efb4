import { hpkeOpen } from '@allod/content'
import { type Metric, metricShape } from '@allod/models'
import { type Hex, isAllodError, list, logInfo, type OrderEvent, parseCanonical, type Secret } from '@allod/protocol'

/** A batch of figures; `missing` counts the batches before it that never came. */
export type FigureBatch = { readonly figures: readonly Metric[]; readonly missing: number }

const batchShape = list(metricShape, 4096)

/** How many batches in a row may be missing and still be looked past. */
const MAX_MISSING = 64

/**
 * Opens sealed figures in the order in which their enclave numbered them, from 0 in each generation. A batch that opens under
 * a later number than the next tells how many the host left out; one that opens under none is not the enclave's.
 */
export function figureReader(order: Hex, logKey: Secret): (event: OrderEvent) => Promise<FigureBatch | null> {
  const next = new Map<number, number>()
  return async ({ generation, event: { sealed } }) => {
    if (sealed === null) return null
    const expected = next.get(generation) ?? 0
    for (let seq = expected; seq <= expected + MAX_MISSING; seq++) {
      const plaintext = await hpkeOpen(logKey, logInfo({ order, generation, seq }), new Uint8Array(), sealed).catch(
        (error: unknown) => {
          if (isAllodError(error, 'content/wrap-unopened')) return null
          throw error
        },
      )
      if (plaintext === null) continue
      next.set(generation, seq + 1)
      return { figures: batchShape(parseCanonical(plaintext.expose())), missing: seq - expected }
    }
    return null
  }
}
