import { isAllodError } from '@allod/protocol'
import { expect, test } from 'vitest'
import { parseServeParameters } from './parameters.ts'
import { startTiny } from './testing/startTiny.ts'

test('what is left out takes its default, and nobody shares prefixes by default', () => {
  expect(parseServeParameters({ sequences: 2 })).toMatchObject({ sequences: 2, maxQueue: 64, sharedPrefix: false })
})

test.each([{ sequences: 0 }, { sequences: '2' }, { sharedPrefix: 1 }, { sequence: 2 }])(
  'refuses %j as serve/bad-parameters',
  (given) => {
    expect(() => parseServeParameters(given)).toThrow(
      expect.toSatisfy((e: unknown) => isAllodError(e, 'serve/bad-parameters')),
    )
  },
)

test('refuses a context that the model was not trained for', async () => {
  await expect(startTiny({ contextTokens: 100_000 })).rejects.toSatisfy((e) => isAllodError(e, 'serve/bad-parameters'))
})
