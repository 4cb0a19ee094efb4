import type { Addresses } from '@allod/chain'
import { chainWriter } from '@allod/chain/write'
import {
  type Committee,
  type Hex,
  type KeeperKeys,
  keeperId,
  newCommittee,
  type SeatReply,
  type SigningKey,
} from '@allod/protocol'

/** A keeper that runs, and what it said of itself. */
export type SeatedKeeper = {
  readonly name: string
  readonly url: string
  readonly keys: KeeperKeys
  readonly seat: SeatReply
  readonly evidenceHash: Hex
}

type Chain = { readonly rpcUrl: string; readonly chainId: bigint; readonly addresses: Addresses }

/** What a keeper asks: token units per order, 1e-12 token units per second. */
const KEEPER_FEE = { perOrder: 2_000n, perSecond: 10n ** 12n * 5n } as const

/** Registers each keeper by its own account, and the committee of them all. */
export async function registerKeepers(
  chain: Chain,
  t: number,
  keepers: readonly SeatedKeeper[],
  keyOf: (name: string) => SigningKey,
): Promise<Committee> {
  const committee = newCommittee(
    t,
    keepers.map((k) => k.keys),
  )
  for (const { name, url, keys, seat, evidenceHash } of keepers) {
    const record = {
      account: seat.account,
      signer: keys.address,
      payee: seat.payee,
      evidenceHash,
      ...KEEPER_FEE,
      hpkeKey: keys.hpkeKey,
      operator: `devnet, ${name}`,
      endpoint: url,
    }
    await chainWriter({ ...chain, key: keyOf(name) }).send('registry', 'registerKeeper', [record, seat.signature])
  }
  const ids = committee.members.map(keeperId)
  await chainWriter({ ...chain, key: keyOf(keepers[0]?.name ?? '') }).send('registry', 'registerCommittee', [t, ids])
  return committee
}

/** Registers the provider: its daemon's key, its machine. */
export async function registerProvider(
  chain: Chain,
  key: SigningKey,
  record: { readonly daemon: Hex; readonly url: string; readonly machines: readonly Hex[] },
): Promise<void> {
  const provider = { key: record.daemon, payee: key.address, endpoints: record.url, machines: record.machines }
  await chainWriter({ ...chain, key }).send('registry', 'setProvider', [provider])
}
