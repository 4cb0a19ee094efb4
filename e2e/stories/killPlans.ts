import { type StepName, stepNames } from '@allod/sdk'
import { seeded, shuffled } from './seededOrder.ts'
import { type Victim, victims } from './victims.ts'

/** Who is killed when an order gets to a step; named twice, the second time is that of the next generation. */
export type Kill = { readonly at: StepName; readonly victims: readonly Victim[] }
export type KillPlan = { readonly kind: 'finetune' | 'serve'; readonly kills: readonly Kill[] }

const kill = (at: StepName, ...who: Victim[]): Kill => ({ at, victims: who })

/**
 * What every run plays. Chain, provider and enclave each die where an order's money and work are decided: funded, started, at
 * work, sealing, reported, as far as they exist there. Whoever else there is dies beside a fine-tuning, and again beside an
 * order that is served. With the chip its guests die: all three keepers at once, and the enclave.
 */
const always: readonly KillPlan[] = [
  {
    kind: 'finetune',
    kills: [
      kill('funded', 'chain'),
      kill('launched', 'keeper-2'),
      kill('started', 'provider'),
      // The provider took its enclave along, so the next one starts.
      kill('started', 'enclave'),
      kill('granted', 'store-2'),
      kill('training', 'provider'),
      kill('training', 'chip'),
      kill('training', 'chain', 'gateway'),
      kill('sealed', 'store-1'),
      kill('reported', 'provider'),
    ],
  },
  {
    kind: 'finetune',
    kills: [
      kill('funded', 'provider'),
      kill('launched', 'keeper-1'),
      kill('voted', 'enclave'),
      kill('started', 'chain'),
      kill('training', 'enclave'),
      kill('sealed', 'provider', 'keeper-3'),
      kill('reported', 'chain'),
    ],
  },
  {
    kind: 'serve',
    kills: [
      kill('launched', 'keeper-1', 'store-1'),
      kill('granted', 'chip'),
      kill('serving', 'keeper-2', 'keeper-3', 'enclave'),
      kill('serving', 'store-2', 'gateway', 'chain'),
    ],
  },
]

/** Those of a fine-tuning, up to its report. */
const steps = stepNames
  .slice(0, stepNames.indexOf('reported') + 1)
  .filter((step) => step !== 'running' && step !== 'serving')
/** There is an enclave, and it stays for as long as it takes to find it. */
const enclaveSteps: readonly StepName[] = ['launched', 'voted', 'started', 'granted', 'training']

/** The plans of a run: those of every run, and as many more as asked for, drawn from the seed. */
export function killPlans(seed: number, rounds: number): readonly KillPlan[] {
  const random = seeded(seed)
  const drawn = Array.from({ length: Math.max(0, rounds - always.length) }, (): KillPlan => {
    const others = shuffled(
      victims.filter((v) => v !== 'enclave'),
      random,
    )
    const [enclaveStep] = shuffled(enclaveSteps, random)
    const kills = steps.map((at, i) => kill(at, at === enclaveStep ? 'enclave' : (others[i % others.length] as Victim)))
    return { kind: 'finetune', kills }
  })
  return [...always, ...drawn].slice(0, rounds)
}
