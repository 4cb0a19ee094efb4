import type { Hex } from '@allod/protocol'
import { type Allod, writerOf } from '../allod.ts'
import { fail } from '../errors.ts'
import type { Wallet } from '../wallet/wallet.ts'
import { signPermit } from './permit.ts'

/**
 * Makes sure that a wallet's balance in the market covers `units`, depositing only what is missing: in one transaction where
 * the token has permits, else in two.
 * @returns the deposit's transaction; null where the balance was enough
 * @throws sdk/too-little-money, chain errors
 */
export async function fund(allod: Allod, wallet: Wallet, units: bigint): Promise<Hex | null> {
  const { missing, view } = await requireMoney(allod, wallet, units)
  if (missing <= 0n) return null
  const writer = writerOf(allod, wallet)
  const permit = await signPermit(allod, wallet, missing, view)
  if (permit === null) {
    await writer.send('token', 'approve', [allod.network.addresses.market, missing])
    return (await writer.send('market', 'deposit', [missing])).transaction
  }
  const { deadline, v, r, s } = permit
  return (await writer.send('market', 'depositWithPermit', [missing, deadline, v, r, s])).transaction
}

/** Refuses what a wallet cannot pay; moves nothing. @throws sdk/too-little-money */
export async function requireMoney({ chain }: Pick<Allod, 'chain'>, { key }: Wallet, units: bigint) {
  const view = await chain.latest()
  const balance = await view.balance(key.address)
  const missing = units - balance.market
  if (balance.wallet < missing)
    throw fail('too-little-money', {
      expected: units,
      actual: balance.market + balance.wallet,
      meta: { wallet: key.address },
    })
  return { missing, view }
}

/** What a wallet has: in the market's ledger, and as tokens of its own. */
export async function balanceOf(
  { chain }: Pick<Allod, 'chain'>,
  account: Hex,
): Promise<{ readonly market: bigint; readonly wallet: bigint }> {
  return (await chain.latest()).balance(account)
}

/**
 * Moves a wallet's whole balance in the market, or a part of it, to its own address or another's.
 * @throws sdk/bad-recipient where nobody could move it on, sdk/too-little-money, chain errors
 */
export async function withdraw(
  allod: Allod,
  wallet: Wallet,
  { units, to = wallet.key.address }: { readonly units?: bigint; readonly to?: Hex } = {},
): Promise<{ readonly units: bigint; readonly transaction: Hex | null }> {
  // The market pays to whom it is told: what a contract of the network gets, or nobody's address, is lost for good.
  if (BigInt(to) === 0n || Object.values(allod.network.addresses).includes(to))
    throw fail('bad-recipient', { expected: 'a wallet’s address', actual: to })
  const { market } = await balanceOf(allod, wallet.key.address)
  const moved = units ?? market
  if (moved > market) throw fail('too-little-money', { expected: moved, actual: market })
  if (moved === 0n) return { units: 0n, transaction: null }
  const { transaction } = await writerOf(allod, wallet).send('market', 'withdraw', [to, moved])
  return { units: moved, transaction }
}
