import { committeeId, type Hex, type Policy, policyShape, type Royalty } from '@allod/protocol'
import { fail } from '../errors.ts'
import type { Network } from '../network/network.ts'

/** What an owner may choose; everything else keeps the strict default of `newPolicy`. */
export type PolicyChoices = {
  readonly purposes?: Policy['purposes']
  /**
   * Digests of the engines that may read the object, or any. Must be said where anybody may order: what an engine answers is
   * not sealed from whoever asks, and a buyer can offer an engine of their own.
   */
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
 * A policy that is strict where nothing was chosen: nothing is exported, machines and providers are registered (by
 * themselves: that makes them known, and keeps nobody out), builds are those that the curator announced, metrics may be seen
 * by the buyer, log lines may not. Engines have no default where anybody may order.
 * @throws protocol/bad-shape where a choice does not fit, sdk/engines-unnamed
 */
export function newPolicy(network: Network, owner: Hex, choices: PolicyChoices = {}): Policy {
  const { engines, buyers = 'any' } = choices
  if (engines === undefined && buyers === 'any') throw fail('engines-unnamed')
  const root = network.trust.simulatedRoot
  const common = { minimumTcb: choices.minimumTcb ?? 0, gpu: choices.gpu ?? 'none' } as const
  const builds = choices.builds ?? 0
  return policyShape({
    version: 1,
    owner,
    committee: committeeId(network.committee),
    purposes: [...(choices.purposes ?? ['finetune', 'serve'])].sort(),
    engines: anyOrList(engines ?? 'any'),
    builds: typeof builds === 'number' ? { kind: 'registry', noticeSeconds: builds } : { kind: 'pinned', list: builds },
    tee:
      root === null
        ? { trust: 'hardware', kinds: ['tdx', 'sevsnp'], ...common }
        : { trust: 'simulated', root, ...common },
    providers: anyOrList(choices.providers ?? 'registered'),
    machines: anyOrList(choices.machines ?? 'registered'),
    buyers: anyOrList(buyers),
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
