import { errorsOf } from './AllodError.ts'
import { fromHex, type Hex } from './bytes.ts'
import { documentHash } from './canonical.ts'
import { hex, integer, record, type Shaped } from './shape.ts'
import { recoverSigner, type SigningKey, signDigest } from './signature.ts'

const fail = errorsOf('protocol', {
  'token-refused': ['an access token is not good for this agent', 'ask the agent’s owner for a new token'],
})

/** Longest life of a token, seconds. */
export const maxTokenSeconds = 86_400

/** A short-lived right to talk to one order's agent; carried inside the sealed request. */
export const accessTokenShape = record({
  order: hex(32),
  id: hex(16),
  /** Tokens the holder may use in all. */
  quota: integer(1),
  /** Unix seconds. */
  expiry: integer(),
  signature: hex(65),
})
export type AccessToken = Shaped<typeof accessTokenShape>

/** Issues a token. */
export function issueAccessToken(key: SigningKey, token: Omit<AccessToken, 'signature'>): AccessToken {
  return { ...token, signature: signDigest(key, fromHex(tokenHash(token), 32)) }
}

/** Refuses a token by another issuer, for another order, expired, or living too long. @throws protocol/token-refused */
export function requireAccessToken(token: AccessToken, expected: { order: Hex; issuer: Hex; now: number }): void {
  const { signature, ...body } = token
  const refuse = (reason: string) => fail('token-refused', { actual: reason })
  if (token.order !== expected.order) throw refuse('another order')
  if (token.expiry <= expected.now) throw refuse('expired')
  if (token.expiry > expected.now + maxTokenSeconds + 300) throw refuse('lives longer than a day')
  if (recoverSigner(fromHex(tokenHash(body), 32), signature) !== expected.issuer) throw refuse('another issuer')
}

const tokenHash = (token: Omit<AccessToken, 'signature'>): Hex => documentHash('allod/access-token/v1', token)
