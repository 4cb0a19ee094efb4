import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toDecimal } from './decimal.ts'
import { formatMetric, type Metric, parseMetric } from './metrics.ts'

const STEP: Metric = {
  event: 'step',
  step: 3,
  of: 10,
  tokens: 3000,
  loss: '1.2500',
  lr: '0.00100000',
  tokensPerSecond: 900,
}

describe('metrics', () => {
  it('are read as they were written', () => {
    for (const metric of [STEP, { event: 'eval', step: 3, loss: '0.5000' }, { event: 'checkpoint', step: 3 }] as const)
      expect(parseMetric(formatMetric(metric))).toEqual(metric)
  })

  it.each([
    ['text', 'hello'],
    ['another event', '{"event":"log","text":"a secret"}'],
    ['a field beside the known ones', formatMetric(STEP).replace('{', '{"note":"a secret",')],
    ['a loss that is text', formatMetric(STEP).replace('1.2500', 'a secret')],
    ['a number with more digits than one has', formatMetric(STEP).replace('1.2500', '1.1234567890123')],
    ['a line that is too long', `${' '.repeat(1000)}${formatMetric(STEP)}`],
  ])('drops %s', (_, line) => {
    expect(parseMetric(line)).toBeNull()
  })
})

describe('decimals', () => {
  it('hold any number within bounds, without a sign on zero', () => {
    fc.assert(fc.property(fc.double(), (x) => /^-?\d{1,13}\.\d{4}$/.test(toDecimal(x))))
    expect([toDecimal(-0.00001), toDecimal(Number.NaN), toDecimal(1.5, 2)]).toEqual(['0.0000', '0.0000', '1.50'])
  })
})
