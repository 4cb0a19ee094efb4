import { committeeId, intersectPolicies } from '@allod/protocol'
import { expect, test } from 'vitest'
import { parseNetwork } from '../network/network.ts'
import { devnetDescription } from '../testing/network.ts'
import { describePolicy } from './describePolicy.ts'
import { newPolicy } from './newPolicy.ts'

const network = parseNetwork(devnetDescription)
const owner = `0x${'ab'.repeat(20)}` as const

test('is strict where nothing was chosen', () => {
  const policy = newPolicy(network, owner, { engines: 'any' })
  expect(policy.export).toEqual({ adapter: 'never', full: 'never', data: 'never' })
  expect(policy.machines).toEqual({ kind: 'registered' })
  expect(policy.outputs.logs).toEqual([])
  expect(policy.committee).toBe(committeeId(network.committee))
})

test('trusts the simulated chip on a devnet only', () => {
  expect(newPolicy(network, owner, { engines: 'any' }).tee).toMatchObject({
    trust: 'simulated',
    root: network.trust.simulatedRoot,
  })
  const real = { ...network, devnet: false, wallets: null, trust: { simulatedRoot: null, isUnisolatedAllowed: false } }
  expect(newPolicy(real, owner, { engines: 'any' }).tee).toMatchObject({ trust: 'hardware', kinds: ['tdx', 'sevsnp'] })
})

test('two owners’ defaults go together', () => {
  const other = newPolicy(network, `0x${'cd'.repeat(20)}`, { buyers: [owner] })
  const terms = intersectPolicies([
    { name: 'model', policy: newPolicy(network, owner, { engines: 'any' }) },
    { name: 'data', policy: other },
  ])
  expect(terms.buyers).toEqual({ kind: 'list', list: [owner] })
})

test('refuses a choice out of range', () => {
  expect(() =>
    newPolicy(network, owner, { engines: 'any', royalty: { bps: 6000, floorPerSecond: '0', floorPerOrder: '0' } }),
  ).toThrow(expect.objectContaining({ code: 'protocol/bad-shape' }))
})

test('says in words that a simulated enclave keeps no secret from its machine’s owner', () => {
  const words = describePolicy(newPolicy(network, owner, { engines: 'any' }), { t: 2, n: 3 })
  expect(words.whoCanRead).toMatch(/simulated.*no secret.*2 of 3 keepers/)
  expect(words.whatLeaves).toMatch(/^no file leaves the enclave unsealed; an agent’s answers go to/)
})

const engine = `0x${'e1'.repeat(32)}` as const

test('asks which engines may read what anybody may order: sdk/engines-unnamed', () => {
  expect(() => newPolicy(network, owner)).toThrow(expect.objectContaining({ code: 'sdk/engines-unnamed' }))
  expect(newPolicy(network, owner, { engines: [engine] }).engines).toEqual({ kind: 'list', list: [engine] })
  // What its owner alone may order is read by engines that the owner chose.
  expect(newPolicy(network, owner, { buyers: [owner] }).engines).toEqual({ kind: 'any' })
})

test('says in words that any engine means one that tells everything, too', () => {
  const words = (engines: 'any' | readonly [typeof engine]) =>
    describePolicy(newPolicy(network, owner, { engines }), { t: 2, n: 3 })
  expect(words('any').whatLeaves).toContain('ANY ENGINE may read it')
  expect(words([engine]).whatLeaves).not.toContain('ENGINE')
  expect(words([engine]).whoCanRead).toContain('1 named engine (0xe1e1e1e1e1)')
})
