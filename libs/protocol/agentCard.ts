import { errorsOf } from './AllodError.ts'
import type { Hex } from './bytes.ts'
import { fromHex } from './bytes.ts'
import { documentHash } from './canonical.ts'
import { hex, list, oneOf, record, type Shaped, text } from './shape.ts'
import { requireSigner, type SigningKey, signDigest } from './signature.ts'

const fail = errorsOf('protocol', {
  'card-rolled-back': [
    'an agent card is older than the one already known',
    'ask the agent’s owner; the newer card stays in force',
  ],
  'card-of-another-agent': ['an agent card is of another agent', 'pin the card of the agent you mean'],
})

/** An agent: a name, its buyer, and the orders that serve it, oldest first. */
export const agentCardShape = record({
  version: oneOf(1),
  name: text(64, /^[a-z0-9][a-z0-9-]*$/),
  buyer: hex(20),
  orders: list(hex(32), 256, 1),
  objects: list(hex(32), 8),
  engine: hex(32),
  signature: hex(65),
})
export type AgentCard = Shaped<typeof agentCardShape>

/** Signs a card. */
export function signAgentCard(key: SigningKey, card: Omit<AgentCard, 'signature' | 'version' | 'buyer'>): AgentCard {
  const body = { version: 1 as const, buyer: key.address, ...card }
  return { ...body, signature: signDigest(key, fromHex(cardHash(body), 32)) }
}

/**
 * Checks a card's signature and, against the card known so far, that its history only grew.
 * @throws protocol/wrong-signer, protocol/card-of-another-agent, protocol/card-rolled-back
 */
export function requireAgentCard(card: AgentCard, known: AgentCard | null): void {
  const { signature, ...body } = card
  requireSigner(fromHex(cardHash(body), 32), signature, card.buyer)
  if (known === null) return
  if (known.name !== card.name || known.buyer !== card.buyer)
    throw fail('card-of-another-agent', {
      expected: `${known.buyer}/${known.name}`,
      actual: `${card.buyer}/${card.name}`,
    })
  if (known.orders.some((order, i) => card.orders[i] !== order))
    throw fail('card-rolled-back', { expected: known.orders, actual: card.orders })
}

const cardHash = (body: Omit<AgentCard, 'signature'>): Hex => documentHash('allod/agent-card/v1', body)
