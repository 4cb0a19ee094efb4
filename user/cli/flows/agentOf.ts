import { type AccessToken, type AgentCard, agentCardShape } from '@allod/protocol'
import { type AgentVerdict, type Allod, decodeToken, issueToken, verifyAgent } from '@allod/sdk'
import { readJson } from '@allod/sdk/node'
import type { Context } from '../frame/Context.ts'

/** An agent by its name here, or by its card's file. @throws sdk/unknown-agent, protocol/bad-shape */
export async function cardOf({ agents }: Pick<Context, 'agents'>, named: string): Promise<AgentCard> {
  if (!/[./]/.test(named)) return (await agents()).get(named)
  const value = await readJson(named)
  return value === null ? (await agents()).get(named) : agentCardShape(value)
}

/** Verifies an agent against the card known here, and keeps its newest card once it is accepted. */
export async function verified(context: Context, allod: Allod, card: AgentCard): Promise<AgentVerdict> {
  const agents = await context.agents()
  const verdict = await context.out.step('verifying the agent', async () =>
    verifyAgent(allod, card, { known: await agents.find(card.name) }),
  )
  if (verdict.isAccepted) await agents.save(card)
  return verdict
}

/** The right to talk to an agent: given as a word or in `$ALLOD_TOKEN`, or issued by its owner's own wallet. */
export async function tokenFor({ values, io, wallet, orders }: Context, verdict: AgentVerdict): Promise<AccessToken> {
  const given = values.token ?? io.env.ALLOD_TOKEN
  if (typeof given === 'string') return decodeToken(given)
  const record = await (await orders()).get(verdict.order)
  return issueToken(await wallet(), record)
}
