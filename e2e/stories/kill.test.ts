import type { StepName } from '@allod/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newWorld, type Settled, type Victim, victims, type World } from './newWorld.ts'
import { seeded, shuffled } from './seededOrder.ts'

/** Replay a failure with the seed it printed; more rounds: ALLOD_CHAOS_ROUNDS. */
const seed = Number(process.env.ALLOD_CHAOS_SEED ?? '1')
const rounds = Number(process.env.ALLOD_CHAOS_ROUNDS ?? '2')
const steps: readonly StepName[] = [
  'funded',
  'launched',
  'voted',
  'started',
  'granted',
  'training',
  'sealed',
  'reported',
]

let world: World
beforeAll(async () => {
  world = await newWorld()
}, 120_000)
afterAll(() => world.stop(), 60_000)

/** Nothing is lost and nothing is paid twice: what was locked was paid or came back. */
function expectAccounted({ locked, paid, refunded, escrow }: Settled): void {
  expect(escrow).toBe(0n)
  expect(paid + refunded).toBe(locked)
}

/** One order; at each step of it one process is killed and the network brought up again. */
async function survive(at: ReadonlyMap<StepName, Victim>): Promise<Settled | 'undone'> {
  const record = await world.order()
  const left = new Map(at)
  for await (const step of world.follow(record, 'reported', 'ended', 'failed')) {
    if (step.kind !== 'step') continue
    const victim = left.get(step.step)
    left.delete(step.step)
    if (victim === undefined) continue
    await world.kill(victim)
    await world.revive()
    // The chain comes back as it was up to a second ago: the order may never have been placed.
    const { state } = await (await world.allod.chain.latest()).order(record.order)
    if (state === 'none') return 'undone'
  }
  return world.settle(record)
}

describe(`processes killed with SIGKILL, seed ${seed}`, () => {
  const random = seeded(seed)
  const plans = Array.from({ length: rounds }, () => {
    const chosen = shuffled(victims, random)
    return new Map(steps.map((step, i) => [step, chosen[i % chosen.length] as Victim]))
  })
  test.each(plans.map((plan) => [[...plan].map(([step, victim]) => `${victim} at ${step}`).join(', '), plan] as const))(
    'an order goes on, or its money comes back: %s',
    { timeout: 400_000 },
    async (_, plan) => {
      const outcome = await survive(plan)
      if (outcome === 'undone') return
      expectAccounted(outcome)
      expect(['settled', 'expired']).toContain(outcome.state)
    },
  )
})
