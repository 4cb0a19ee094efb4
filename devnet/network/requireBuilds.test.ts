import type { Hex } from '@allod/protocol'
import { expect, test } from 'vitest'
import type { Deployment } from './deployment.ts'
import { requireBuilds } from './requireBuilds.ts'

const fill = (sizeBytes: number, byte: number): Hex => `0x${byte.toString(16).padStart(2, '0').repeat(sizeBytes)}`
const [runtime, keeper, other] = [fill(32, 1), fill(32, 2), fill(32, 3)]
const address = fill(20, 4)
const chain: Deployment['chain'] = {
  addresses: {
    token: address,
    catalog: address,
    assets: address,
    registry: address,
    trust: address,
    market: address,
  },
  fromBlock: 0,
  runtime,
  keeper,
}

test('a network takes the builds it was made with, and a new one takes any', () => {
  const builds = { runtime: { build: runtime }, keeper: { build: keeper } }
  expect(requireBuilds({ chain }, builds)).toBeUndefined()
  expect(requireBuilds({ chain: null }, builds)).toBeUndefined()
})

test.each([
  ['runtime', runtime, { runtime: { build: other }, keeper: { build: keeper } }],
  ['keeper', keeper, { runtime: { build: runtime }, keeper: { build: other } }],
])('another %s is devnet/builds-changed', (name, expected, builds) => {
  expect(() => requireBuilds({ chain }, builds)).toThrow(
    expect.objectContaining({ code: 'devnet/builds-changed', meta: { name, expected, actual: other } }),
  )
})
