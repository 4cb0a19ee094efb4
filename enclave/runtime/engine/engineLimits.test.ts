import { expect, test } from 'vitest'
import { engineLimits } from './engineLimits.ts'

const limitsOf = (seconds: number) =>
  engineLimits({ spec: { limits: { memoryBytes: 5, seconds, outputBytes: 7 } }, terms: { seconds: 600 } })

test('a time within the term is the engine’s own', () => {
  expect(limitsOf(599)).toEqual({ memoryBytes: 5, wallMs: 599_000, outputBytes: 7, processes: 256 })
})

test.each([600, 3600])('%d seconds of a term of 600 are the term’s, which may be extended', (seconds) => {
  expect(limitsOf(seconds).wallMs).toBe(366 * 86_400_000)
})
