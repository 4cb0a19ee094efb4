import { committeeId, type Hex, type Policy, policyShape, type Royalty } from '@allod/protocol'
import type { Network } from '../network/network.ts'

/** What an owner may choose; everything else keeps the strict default of `newPolicy`. */
export type PolicyChoices = {
  readonly purposes?: Policy['purposes']
  /** Digests of the engines that may read the object, or any. */
  readonly engines?: 'any' | readonly Hex[]
  readonly buyers?: 'any' | readonly Hex[]
  readonly providers?: 'any' | 'registered' | readonly Hex[]
  readonly machines?: 'any' | 'registered' | readonly Hex[]
  /** Pinned builds, or the registry's with this notice in seconds. */
  readonly builds?: readonly Hex[] | number
  readonly export?: Partial<Policy['export']>
  readonly outputs?: Partial<Policy['outputs']>
  readonly serving?: Partial<Policy['serving']>
  readonly lease?: Partial<Policy['lease']>
  /** What is owed by whatever derives from the object. */
  readonly royalty?: Royalty
  readonly gpu?: 'none' | 'required'
  readonly minimumTcb?: number
}

/** A royalty of nothing. */
export const noRoyalty: Royalty = { bps: 0, floorPerSecond: '0', floorPerOrder: '0' }

const METRICS = ['step', 'eval', 'checkpoint'] as const

/**
 * A policy that is strict where nothing was chosen: nothing is exported, machines and providers are registered, builds are
 * approved by the registry, metrics may be seen by the buyer, log lines may not.
 * @throws protocol/bad-shape where a choice does not fit
 */
export function newPolicy(network: Network, owner: Hex, choices: PolicyChoices = {}): Policy {
  const root = network.trust.simulatedRoot
  const common = { minimumTcb: choices.minimumTcb ?? 0, gpu: choices.gpu ?? 'none' } as const
  const builds = choices.builds ?? 0
  return policyShape({
    version: 1,
    owner,
    committee: committeeId(network.committee),
    purposes: [...(choices.purposes ?? ['finetune', 'serve'])].sort(),
    engines: anyOrList(choices.engines ?? 'any'),
    builds: typeof builds === 'number' ? { kind: 'registry', noticeSeconds: builds } : { kind: 'pinned', list: builds },
    tee:
      root === null
        ? { trust: 'hardware', kinds: ['tdx', 'sevsnp'], ...common }
        : { trust: 'simulated', root, ...common },
    providers: anyOrList(choices.providers ?? 'registered'),
    machines: anyOrList(choices.machines ?? 'registered'),
    buyers: anyOrList(choices.buyers ?? 'any'),
    export: { adapter: 'never', full: 'never', data: 'never', ...choices.export },
    outputs: { maxBytes: 2 ** 30, metrics: METRICS, logs: [], maxMemorisation: null, ...choices.outputs },
    serving: {
      logprobs: false,
      embeddings: false,
      tokensPerClientPerDay: 1_000_000,
      bytesPerClientPerDay: 16 << 20,
      ...choices.serving,
    },
    lease: { ttlSeconds: 600, graceSeconds: 1800, ...choices.lease },
    royalties: { self: choices.royalty ?? noRoyalty, inherited: {} },
    lineage: [],
  })
}

const anyOrList = (choice: 'any' | 'registered' | readonly Hex[]) =>
  typeof choice === 'string' ? { kind: choice } : { kind: 'list' as const, list: [...choice].sort() }
