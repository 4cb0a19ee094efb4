import { canonicalise, fromUtf8, integer, type Json, oneOf, record, type Shaped, tagged } from '@allod/protocol'
import { decimal } from './decimal.ts'

const count = integer(0, 1e12)
const loss = decimal(0, 1e6)

/** An event of `/out/metrics.jsonl`. Losses are nats per token; rates per second. Numbers only: no text leaves here. */
export const metricShape = tagged('event', {
  step: record({
    event: oneOf('step'),
    step: count,
    of: count,
    /** Tokens read so far. */
    tokens: count,
    loss,
    lr: decimal(0, 1),
    tokensPerSecond: count,
  }),
  eval: record({ event: oneOf('eval'), step: count, loss }),
  checkpoint: record({ event: oneOf('checkpoint'), step: count }),
})

export type Metric = Shaped<typeof metricShape>

const MAX_LINE = 1000

/**
 * Parses one line of metrics, as the runtime does before it lets it out.
 * @returns null where the line is not a metric: it is dropped, never passed on
 */
export function parseMetric(line: string): Metric | null {
  if (line.length > MAX_LINE) return null
  try {
    return metricShape(JSON.parse(line))
  } catch {
    return null
  }
}

/** One line of metrics, without its line end, written from nothing but the checked fields. */
export const formatMetric = (metric: Metric): string => fromUtf8(canonicalise(metricShape(metric) as unknown as Json))
