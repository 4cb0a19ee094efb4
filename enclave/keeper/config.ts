import {
  amount,
  flag,
  fromUtf8,
  hex,
  integer,
  list,
  nullable,
  oneOf,
  record,
  type Shaped,
  tagged,
  text,
} from '@allod/protocol'
import { fail } from './errors.ts'

/** A keeper's launch configuration: measured, without secrets, and all it ever believes about the outside. */
export const keeperConfigShape = record({
  version: oneOf(1),
  chainId: amount(64),
  addresses: record({ market: hex(20), assets: hex(20), registry: hex(20), trust: hex(20) }),
  /** First block that can hold an event of these contracts. */
  fromBlock: integer(),
  /**
   * RPC endpoints, which must all say the same: the relay name of each, and the URL that is asked. TLS of an https one ends
   * inside, so that the host cannot answer in its place.
   */
  rpcs: list(record({ name: text(32, /^rpc-[a-z0-9-]+$/), url: text(400, /^https?:\/\/[^\s]+$/) }), 8, 2),
  finality: tagged('kind', {
    depth: record({ kind: oneOf('depth'), blocks: integer(0, 10_000) }),
    finalized: record({ kind: oneOf('finalized') }),
  }),
  /** The simulated chip's root id; null wherever chips are real. */
  simulatedRoot: nullable(hex(32)),
  /** Accept simulated machines without a sandbox. */
  isUnisolatedAllowed: flag,
  /**
   * Who may register this keeper, and where its fees go. Keys follow from the whole configuration, so this also tells
   * keepers of one build on one machine apart.
   */
  seat: record({ account: hex(20), payee: hex(20) }),
  /** This keeper's own build, for its evidence. */
  build: hex(32),
  clock: record({
    /** How far own clock, chain and renewals may lie apart. */
    maxSkewSeconds: integer(1, 3600),
    /** Oldest newest block that counts as live. */
    maxHeadAgeSeconds: integer(1, 86_400),
  }),
  /** How long a challenge is good, and so a vote. */
  challengeSeconds: integer(5, 3600),
  /** How long after its start an order may still be granted; covers the chain's finality. */
  grantWithinSeconds: integer(10, 86_400),
  /** How often a lease needs full evidence. */
  evidenceEverySeconds: integer(10, 86_400),
})
export type KeeperConfig = Shaped<typeof keeperConfigShape>

/** Parses `/config.json`. @throws keeper/bad-config naming the field */
export function parseConfig(bytes: Uint8Array): KeeperConfig {
  try {
    const config = keeperConfigShape(JSON.parse(fromUtf8(bytes)))
    const names = config.rpcs.map((rpc) => rpc.name)
    if (new Set(names).size !== names.length) throw fail('bad-config', { expected: 'distinct RPCs', actual: names })
    return config
  } catch (cause) {
    throw fail('bad-config', { actual: cause instanceof Error ? cause.message : 'unreadable', cause })
  }
}
