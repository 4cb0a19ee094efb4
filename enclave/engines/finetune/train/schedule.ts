export type Schedule = { readonly peak: number; readonly steps: number; readonly warmUp: number }

/** Where the rate ends, as a share of the peak. */
const FLOOR = 0.05

/** The learning rate of a step counted from 1: a straight warm-up, then a cosine down to a twentieth of the peak. */
export function rateAt(step: number, { peak, steps, warmUp }: Schedule): number {
  const warmUpSteps = Math.floor(steps * warmUp)
  if (step <= warmUpSteps) return (peak * step) / warmUpSteps
  const done = Math.min(1, (step - warmUpSteps) / Math.max(1, steps - warmUpSteps))
  return peak * (FLOOR + (1 - FLOOR) * 0.5 * (1 + Math.cos(Math.PI * done)))
}
