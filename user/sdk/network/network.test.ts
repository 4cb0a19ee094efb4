import { expect, test } from 'vitest'
import { devnetDescription } from '../testing/network.ts'
import { parseNetwork } from './network.ts'

const refusal = (code: string) => expect.objectContaining({ code })

test('reads the description of a devnet', () => {
  expect(parseNetwork(devnetDescription)).toEqual(devnetDescription)
})

test('refuses a devnet that leads off this machine', () => {
  for (const stray of [
    { rpcUrls: ['http://127.0.0.1:8545', 'http://example.org'] },
    { gateway: { url: 'http://127.0.0.1.example.org' } },
    { provider: { ...devnetDescription.provider, url: 'http://10.0.0.1:1' } },
  ])
    expect(() => parseNetwork({ ...devnetDescription, ...stray })).toThrow(refusal('sdk/unsafe-network'))
})

test('refuses a simulated root, no sandboxes or open wallets on a real network', () => {
  const real = { ...devnetDescription, devnet: false }
  expect(() => parseNetwork(real)).toThrow(refusal('sdk/unsafe-network'))
  expect(() => parseNetwork({ ...real, wallets: null })).toThrow(refusal('sdk/unsafe-network'))
  const trust = { simulatedRoot: null, isUnisolatedAllowed: true }
  expect(() => parseNetwork({ ...real, wallets: null, trust })).toThrow(refusal('sdk/unsafe-network'))
  expect(
    parseNetwork({ ...real, wallets: null, trust: { simulatedRoot: null, isUnisolatedAllowed: false } }).devnet,
  ).toBe(false)
})

test('refuses an unknown field', () => {
  expect(() => parseNetwork({ ...devnetDescription, extra: 1 })).toThrow(refusal('protocol/bad-shape'))
})
