import { appraiseSimulated, simulatedMeasurement, simulatedVerifiers } from '@allod/attestation/simulated'
import { type Hex, type SignedDecision, toHex } from '@allod/protocol'
import type { ReadChain } from '../chain/ChainFacts.ts'
import type { KeeperConfig } from '../config.ts'
import { fail } from '../errors.ts'
import type { Keeper } from '../Keeper.ts'
import { DecisionLog } from '../log/DecisionLog.ts'
import { ownEvidence } from '../ownEvidence.ts'
import { addresses, build, CHAIN_ID, cpuEvidence, hex20, hex32, NOW, parties, rootId } from './party.ts'

export const config: KeeperConfig = {
  version: 1,
  chainId: CHAIN_ID,
  addresses,
  fromBlock: 0,
  rpcs: [
    { name: 'rpc-a', url: 'http://127.0.0.1:8545/' },
    { name: 'rpc-b', url: 'https://rpc.example/key' },
  ],
  finality: { kind: 'finalized' },
  simulatedRoot: rootId,
  isUnisolatedAllowed: false,
  seat: { account: hex20(0x51), payee: hex20(0x52) },
  build,
  clock: { maxSkewSeconds: 30, maxHeadAgeSeconds: 120 },
  challengeSeconds: 120,
  grantWithinSeconds: 600,
  evidenceEverySeconds: 3600,
}

export type TestKeeper = Keeper & { readonly entries: readonly SignedDecision[] }

/** A keeper of the tests' committee. @param place from 0, in the committee's order */
export async function newKeeper(
  readChain: ReadChain,
  {
    place = 0,
    now = NOW,
    change = {},
    emit,
    root = rootId,
  }: {
    readonly place?: number
    readonly now?: number
    readonly change?: Partial<KeeperConfig>
    readonly emit?: (entry: SignedDecision) => Promise<void>
    /** The root to trust, where another process made the evidence. */
    readonly root?: Hex
  } = {},
): Promise<TestKeeper> {
  const keys = (await parties()).keepers[place]
  if (keys === undefined) throw new RangeError('no such keeper')
  const entries: SignedDecision[] = []
  const keep = async (entry: SignedDecision) => {
    await emit?.(entry)
    entries.push(entry)
  }
  const own = { ...config, ...change }
  let drawn = 100
  return {
    config: own,
    keys,
    log: new DecisionLog(keys, keep, { boot: `0x${'0b'.repeat(16)}`, previous: hex32(0), now: () => now }),
    entries,
    now: () => now,
    random: (sizeBytes) => new Uint8Array(sizeBytes).fill(drawn++),
    readChain,
    verifiers: simulatedVerifiers([root]),
    appraise: (bound, tee, demands) => {
      if (tee.trust !== 'simulated') throw fail('tee-refused', { actual: tee.trust })
      return appraiseSimulated(bound, { ...demands, trust: 'simulated', root: tee.root, isUnisolatedAllowed: false })
    },
    predictMeasurement: simulatedMeasurement,
    ownEvidence: (nonce) => ownEvidence({ cpuEvidence: (data) => cpuEvidence(toHex(data)) }, keys, own, nonce),
  }
}
