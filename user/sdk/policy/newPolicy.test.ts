import { committeeId, intersectPolicies } from '@allod/protocol'
import { expect, test } from 'vitest'
import { parseNetwork } from '../network/network.ts'
import { devnetDescription } from '../testing/network.ts'
import { describePolicy } from './describePolicy.ts'
import { newPolicy } from './newPolicy.ts'

const network = parseNetwork(devnetDescription)
const owner = `0x${'ab'.repeat(20)}` as const

test('is strict where nothing was chosen', () => {
  const policy = newPolicy(network, owner)
  expect(policy.export).toEqual({ adapter: 'never', full: 'never', data: 'never' })
  expect(policy.machines).toEqual({ kind: 'registered' })
  expect(policy.outputs.logs).toEqual([])
  expect(policy.committee).toBe(committeeId(network.committee))
})

test('trusts the simulated chip on a devnet only', () => {
  expect(newPolicy(network, owner).tee).toMatchObject({ trust: 'simulated', root: network.trust.simulatedRoot })
  const real = { ...network, devnet: false, wallets: null, trust: { simulatedRoot: null, isUnisolatedAllowed: false } }
  expect(newPolicy(real, owner).tee).toMatchObject({ trust: 'hardware', kinds: ['tdx', 'sevsnp'] })
})

test('two owners’ defaults go together', () => {
  const other = newPolicy(network, `0x${'cd'.repeat(20)}`, { buyers: [owner] })
  const terms = intersectPolicies([
    { name: 'model', policy: newPolicy(network, owner) },
    { name: 'data', policy: other },
  ])
  expect(terms.buyers).toEqual({ kind: 'list', list: [owner] })
})

test('refuses a choice out of range', () => {
  expect(() => newPolicy(network, owner, { royalty: { bps: 6000, floorPerSecond: '0', floorPerOrder: '0' } })).toThrow(
    expect.objectContaining({ code: 'protocol/bad-shape' }),
  )
})

test('says in words that a simulated enclave keeps no secret from its machine’s owner', () => {
  const words = describePolicy(newPolicy(network, owner), { t: 2, n: 3 })
  expect(words.whoCanRead).toMatch(/simulated.*no secret.*2 of 3 keepers/)
  expect(words.whatLeaves).toBe('nothing leaves the enclave unsealed')
})
