import { marketTerms, termsArgs } from '@allod/chain'
import type { Hex } from '@allod/protocol'
import { type Allod, writerOf } from '../allod.ts'
import type { Wallet } from '../wallet/wallet.ts'
import type { OrderRecord } from './orderRecord.ts'

/** Ends an order: before its start with a full refund, later with what was not used. @throws market/not-party and others */
export async function endOrder(allod: Allod, wallet: Wallet, { terms }: Pick<OrderRecord, 'terms'>): Promise<Hex> {
  return (await writerOf(allod, wallet).send('market', 'end', [termsArgs(marketTerms(terms))])).transaction
}

/** Takes the money of an order back whose provider never started it; anyone may. @throws market/too-early, market/wrong-state */
export async function expireOrder(allod: Allod, wallet: Wallet, { terms }: Pick<OrderRecord, 'terms'>): Promise<Hex> {
  return (await writerOf(allod, wallet).send('market', 'expire', [termsArgs(marketTerms(terms))])).transaction
}
