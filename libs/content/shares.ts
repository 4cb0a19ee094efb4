import {
  type Committee,
  concat,
  fromHex,
  type Hex,
  keeperId,
  type Sealed,
  Secret,
  taggedHash,
  u64,
  utf8,
} from '@allod/protocol'
import { combine, split } from 'shamir-secret-sharing'
import { fail } from './errors.ts'
import type { Header } from './header.ts'
import { hpkeOpen, hpkeSeal } from './hpke/hpke.ts'
import { requireKey } from './objectKeys.ts'

/** What a wrap is bound to. `index` is the keeper's place in its committee, from 1. */
export type ShareContext = {
  readonly chainId: bigint
  readonly assets: Hex
  readonly objectId: Hex
  readonly index: number
  readonly t: number
  readonly n: number
}

/** One keeper's part of an object's key, as manifests carry it. */
export type SealedShare = { readonly keeper: Hex; readonly commitment: Hex; readonly sealed: Sealed }

/** An opened share. */
export type Share = { readonly index: number; readonly share: Secret }

/** Bytes of a share of a 32-byte key: one for its coordinate. */
const SHARE_BYTES = 33

/** SHA-256("allod/share-commit/v1" ‖ objectId ‖ u8 index ‖ share). */
export const shareCommitment = (objectId: Hex, index: number, share: Secret): Hex =>
  taggedHash('allod/share-commit/v1', fromHex(objectId, 32), Uint8Array.of(index), share.expose())

/**
 * Splits a DEK for a committee and seals each share to its keeper, in the committee's order.
 * @throws content/bad-committee where t < 2: one keeper alone could open the object
 */
export async function sealShares(
  dek: Secret,
  committee: Committee,
  { chainId, assets, objectId }: Pick<ShareContext, 'chainId' | 'assets' | 'objectId'>,
): Promise<readonly SealedShare[]> {
  const { t, members } = committee
  const n = members.length
  if (t < 2 || t > n) throw fail('bad-committee', { actual: `${t} of ${n}` })
  const shares = (await split(dek.expose(), n, t)).map((s) => new Secret(s))
  try {
    return await Promise.all(
      members.map(async (member, i) => {
        const share = shares[i] as Secret
        const context = { chainId, assets, objectId, index: i + 1, t, n }
        return {
          keeper: keeperId(member),
          commitment: shareCommitment(objectId, i + 1, share),
          sealed: await wrapShare(member.hpkeKey, share, context),
        }
      }),
    )
  } finally {
    for (const share of shares) share.erase()
  }
}

/** Seals one share to a keeper's X-Wing key. @throws content/bad-hpke-key */
export const wrapShare = (publicKey: Hex, share: Secret, context: ShareContext): Promise<Sealed> =>
  hpkeSeal(publicKey, shareInfo(context), new Uint8Array(), share.expose())

/**
 * Opens a share with the keeper's key and checks it against its commitment.
 * @throws content/wrap-unopened for another key, object, chain, place or threshold; content/share-mismatch
 */
export async function openWrap(
  key: Secret,
  { sealed, commitment }: Pick<SealedShare, 'sealed' | 'commitment'>,
  context: ShareContext,
): Promise<Secret> {
  const share = await hpkeOpen(key, shareInfo(context), new Uint8Array(), sealed)
  requireShare(context.objectId, { index: context.index, share }, commitment)
  return share
}

/**
 * Combines shares to the DEK. Every share is held against its commitment first, because a tampered one would silently give a
 * wrong key, and the result against the header's key commitment.
 * @param commitments of all shares, in the committee's order
 * @throws content/share-mismatch naming the index, content/too-few-shares, content/wrong-key
 */
export async function combineShares(
  shares: readonly Share[],
  object: { readonly objectId: Hex; readonly t: number; readonly commitments: readonly Hex[]; readonly header: Header },
): Promise<Secret> {
  for (const share of shares) requireShare(object.objectId, share, object.commitments[share.index - 1])
  const distinct = new Map(shares.map((s) => [s.index, s.share]))
  if (distinct.size < Math.max(2, object.t)) throw fail('too-few-shares', { expected: object.t, actual: distinct.size })
  const chosen = [...distinct.values()].slice(0, object.t).map((s) => s.expose())
  const dek = new Secret(await combine(chosen))
  try {
    await requireKey(dek, object.header)
    return dek
  } catch (error) {
    dek.erase()
    throw error
  }
}

function requireShare(objectId: Hex, { index, share }: Share, commitment: Hex | undefined): void {
  if (share.expose().length !== SHARE_BYTES || shareCommitment(objectId, index, share) !== commitment)
    throw fail('share-mismatch', { expected: commitment ?? null, meta: { index } })
}

const shareInfo = ({ chainId, assets, objectId, index, t, n }: ShareContext): Uint8Array =>
  concat(utf8('allod/share/v1'), u64(chainId), fromHex(assets, 20), fromHex(objectId, 32), Uint8Array.of(index, t, n))
