import type { Json, Policy } from '@allod/protocol'

/** Figures an engine may report of one step, by the name a policy allows them under. */
const figureNames = ['step', 'epoch', 'tokens', 'loss', 'lr', 'tokensPerSecond', 'evalLoss', 'gradNorm'] as const

/** Longest line of metrics that is looked at, and how many lines a job may write in all. */
const MAX_LINE = 1024
export const MAX_METRIC_LINES = 100_000

/**
 * What leaves of one line of `/out/metrics.jsonl`: known figures that every policy allows, written anew with six digits, so
 * that neither names nor low bits carry anything out. Null for anything else.
 */
export function releasedMetric(line: string, allowed: Policy['outputs']['metrics']): Json | null {
  if (line.length > MAX_LINE) return null
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const released: Record<string, string> = {}
  for (const name of figureNames) {
    const figure = (value as Record<string, unknown>)[name]
    if (allowed.includes(name) && typeof figure === 'number' && Number.isFinite(figure))
      released[name] = decimal(figure)
  }
  return Object.keys(released).length === 0 ? null : released
}

/** A figure as a report writes it: at most six significant digits. */
export const decimal = (figure: number): string => String(Number(figure.toPrecision(6)))
