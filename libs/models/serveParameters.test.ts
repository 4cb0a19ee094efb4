import { isAllodError, type Json } from '@allod/protocol'
import { expect, test } from 'vitest'
import { parseServeParameters } from './serveParameters.ts'

test('what is left out takes its default, and nobody shares prefixes by default', () => {
  expect(parseServeParameters({ sequences: 2 })).toMatchObject({ sequences: 2, maxQueue: 64, sharedPrefix: false })
})

test.each<{ [name: string]: Json }>([{ sequences: 0 }, { sequences: '2' }, { sharedPrefix: 1 }, { sequence: 2 }])(
  'refuses %j',
  (given) => {
    const isBadShape = (cause: unknown): boolean => isAllodError(cause, 'protocol/bad-shape')
    expect(() => parseServeParameters(given)).toThrow(expect.toSatisfy(isBadShape))
  },
)
