import { expect, test } from 'vitest'
import { requireAgentCard, signAgentCard } from './agentCard.ts'
import { newSigningKey } from './signature.ts'
import { fill } from './testing/samples.ts'

const buyer = newSigningKey(new Uint8Array(32).fill(7))
const body = { name: 'tutor', orders: [fill(32, 1), fill(32, 2)], objects: [fill(32, 3)], engine: fill(32, 4) }
const known = signAgentCard(buyer, body)
const rolledBack = expect.objectContaining({ code: 'protocol/card-rolled-back' })
const ofAnother = expect.objectContaining({ code: 'protocol/card-of-another-agent' })

test('a card is good alone, again, and with orders added at its end', () => {
  expect(requireAgentCard(known, null)).toBeUndefined()
  expect(requireAgentCard(known, known)).toBeUndefined()
  const grown = signAgentCard(buyer, { ...body, orders: [...body.orders, fill(32, 9)] })
  expect(requireAgentCard(grown, known)).toBeUndefined()
})

test.each([
  ['shorter', [fill(32, 1)]],
  ['rewritten', [fill(32, 9), fill(32, 2), fill(32, 3)]],
  ['reordered', [fill(32, 2), fill(32, 1)]],
])('a card whose history is %s is refused', (_, orders) => {
  expect(() => requireAgentCard(signAgentCard(buyer, { ...body, orders }), known)).toThrow(rolledBack)
})

test('a card of another name or another buyer is refused', () => {
  expect(() => requireAgentCard(signAgentCard(buyer, { ...body, name: 'judge' }), known)).toThrow(ofAnother)
  const other = newSigningKey(new Uint8Array(32).fill(8))
  expect(() => requireAgentCard(signAgentCard(other, body), known)).toThrow(ofAnother)
})

test('a card that was changed after it was signed is refused', () => {
  expect(() => requireAgentCard({ ...known, engine: fill(32, 5) }, null)).toThrow(
    expect.objectContaining({ code: 'protocol/wrong-signer' }),
  )
})
