import type { Hex } from '@allod/protocol'
import { type Allod, writerOf } from '../allod.ts'
import type { Wallet } from '../wallet/wallet.ts'

/** Voids one of the wallet's own offers for ever; running orders go on. */
export async function revokeOffer(allod: Allod, wallet: Wallet, hash: Hex): Promise<Hex> {
  return (await writerOf(allod, wallet).send('catalog', 'revoke', [hash])).transaction
}
