import type { Hex } from '@allod/protocol'
import { keccak256, type PublicClient } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import type { Fees } from './fees.ts'
import type { Place } from './placeFor.ts'

/** One signature of a call. */
export type Try = { readonly hash: Hex; readonly signed: Hex; readonly fees: Fees }

/** A call at its nonce, in as many signatures as its price was raised: one of them at most gets into a block. */
export type Call = {
  readonly account: Hex
  readonly nonce: number
  /** The newest is the last. */
  readonly tries: readonly Try[]
  /** Signs it once more, and keeps that as the newest. */
  readonly sign: (fees: Fees) => Promise<Try>
}

/** What of a call stays the same, whatever is offered for it. */
type Fields = {
  readonly chainId: number
  readonly to: Hex
  readonly data: Hex
  readonly gas: bigint
}

/** A call that is not signed yet. */
export function newCall(account: PrivateKeyAccount, fields: Fields, nonce: number): Call {
  const tries: Try[] = []
  return {
    ...{ account: account.address, nonce, tries },
    async sign(fees) {
      const signed = await account.signTransaction({ type: 'eip1559', ...fields, nonce, ...fees })
      const made = { hash: keccak256(signed), signed, fees }
      tries.push(made)
      return made
    },
  }
}

/** Signs and sends a call for the first offer that its endpoint takes for this place. Throws what the endpoint says of the last. */
export async function sendFirst(
  reader: Pick<PublicClient, 'sendRawTransaction'>,
  call: Call,
  offers: Place['offers'],
): Promise<Try> {
  let refused: unknown = new Error('nothing was offered')
  for (const fees of offers) {
    const made = await call.sign(fees)
    try {
      await reader.sendRawTransaction({ serializedTransaction: made.signed })
      return made
    } catch (error) {
      refused = error
      // What endpoints say of too little in another's place: "replacement transaction underpriced", "could not replace existing tx".
      if (!/replac/i.test(String(error))) break
    }
  }
  throw refused
}
