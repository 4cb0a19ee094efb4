import {
  type AccessToken,
  accessTokenShape,
  canonicalise,
  fromBase64Url,
  issueAccessToken,
  maxTokenSeconds,
  parseCanonical,
  toBase64Url,
  toHex,
} from '@allod/protocol'
import type { OrderRecord } from '../order/orderRecord.ts'
import { orderKeys } from '../wallet/orderKeys.ts'
import type { Wallet } from '../wallet/wallet.ts'

/**
 * A right to talk to an order's agent, signed with the issuer key that the order's spec names.
 * @param options.quota tokens the holder may use in all
 * @param options.seconds how long it is good, at most a day
 */
export async function issueToken(
  wallet: Wallet,
  { order, spec }: Pick<OrderRecord, 'order' | 'spec'>,
  { quota = 100_000, seconds = 3600, now = Math.floor(Date.now() / 1000) } = {},
): Promise<AccessToken> {
  const { tokens } = await orderKeys(wallet, spec.salt)
  return issueAccessToken(tokens, {
    order,
    id: toHex(crypto.getRandomValues(new Uint8Array(16))),
    quota,
    expiry: now + Math.min(seconds, maxTokenSeconds),
  })
}

/** A token as it is handed around: one word. */
export const encodeToken = (token: AccessToken): string => toBase64Url(canonicalise(token))

/** Reads a token. @throws protocol/bad-hex, protocol/not-canonical, protocol/bad-shape */
export const decodeToken = (word: string): AccessToken => accessTokenShape(parseCanonical(fromBase64Url(word), 4096))
