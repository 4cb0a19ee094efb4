import { type Addresses, chainClient } from '@allod/chain'
import { chainWriter } from '@allod/chain/write'
import {
  type Committee,
  canonicalise,
  equalBytes,
  type Hex,
  isAllodError,
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

/** Registers each keeper by its own account, and the committee of them all, as far as the chain lacks them. */
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
    await chainWriter({ ...chain, key: keyOf(name) })
      .send('registry', 'registerKeeper', [record, seat.signature])
      .catch(unlessThere('registry/keeper-exists'))
  }
  const ids = committee.members.map(keeperId)
  await chainWriter({ ...chain, key: keyOf(keepers[0]?.name ?? '') })
    .send('registry', 'registerCommittee', [t, ids])
    .catch(unlessThere('registry/committee-exists'))
  return committee
}

const unlessThere =
  (code: string) =>
  (error: unknown): void => {
    if (!isAllodError(error, code)) throw error
  }

/** Registers the provider, unless the chain has it so: its daemon's key, its machine. */
export async function registerProvider(
  chain: Chain,
  key: SigningKey,
  record: { readonly daemon: Hex; readonly url: string; readonly machines: readonly Hex[] },
): Promise<void> {
  const provider = { key: record.daemon, payee: key.address, endpoints: record.url, machines: record.machines }
  const { latest } = chainClient({ ...chain, rpcUrls: [chain.rpcUrl], finality: { kind: 'finalized' } })
  const found = await (await latest()).provider(key.address)
  if (found !== null && equalBytes(canonicalise(found), canonicalise(provider))) return
  await chainWriter({ ...chain, key }).send('registry', 'setProvider', [provider])
}
