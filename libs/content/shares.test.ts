import { type Committee, fromHex, type Hex, keeperId, Secret, toHex } from '@allod/protocol'
import { describe, expect, it, vi } from 'vitest'
import { parseHeader } from './header.ts'
import { stream } from './reference/reference.ts'
import { combineShares, openWrap, type SealedShare, type ShareContext, sealShares } from './shares.ts'
import { chain, newKeepers } from './testing/fixtures.ts'
import { codeOf, vectorsOf } from './testing/vectors.ts'

type Wrap = { seed: Hex; share: Hex; context: Omit<ShareContext, 'chainId'> & { chainId: number } } & SealedShare
type Given = { index: number; share: Hex }[]
type Combinations = {
  objectId: Hex
  t: number
  header: Hex
  commitments: Hex[]
  dek: Hex
  good: Given[]
  bad: { name: string; shares: Given; commitments?: Hex[]; code: string }[]
}

const wraps = vectorsOf<{ good: Wrap[]; bad: (Wrap & { name: string; code: string })[] }>('wraps')
const vectors = vectorsOf<Combinations>('shares')

const open = ({ seed, context, ...wrap }: Wrap) =>
  openWrap(new Secret(fromHex(seed)), wrap, { ...context, chainId: BigInt(context.chainId) })

const combine = (shares: Given, commitments = vectors.commitments) =>
  combineShares(
    shares.map(({ index, share }) => ({ index, share: new Secret(fromHex(share)) })),
    { objectId: vectors.objectId, t: vectors.t, commitments, header: parseHeader(fromHex(vectors.header)) },
  )

describe('wrap', () => {
  it('has all its vectors', () => expect([wraps.good.length, wraps.bad.length]).toEqual([1, 7]))

  it.each(wraps.good)('opens for its keeper', async (wrap) => {
    expect(toHex((await open(wrap)).expose())).toBe(wrap.share)
  })

  // content/wrap-unopened, content/share-mismatch
  it.each(wraps.bad)('does not open $name', async (wrap) => {
    expect(await codeOf(() => open(wrap))).toBe(wrap.code)
  })
})

describe('shares', () => {
  it('have all their vectors', () => expect([vectors.good.length, vectors.bad.length]).toEqual([3, 7]))

  it.each(vectors.good.map((shares) => ({ shares })))(
    'combine to the key, in any order and number',
    async ({ shares }) => {
      expect(toHex((await combine(shares)).expose())).toBe(vectors.dek)
    },
  )

  // content/too-few-shares, content/share-mismatch, content/wrong-key
  it.each(vectors.bad)('do not combine: $name', async ({ shares, commitments, code }) => {
    expect(await codeOf(() => combine(shares, commitments))).toBe(code)
  })

  it('name the bad share', async () => {
    const bad = vectors.bad.find((b) => b.name === 'a tampered share') as Combinations['bad'][number]
    await expect(combine(bad.shares)).rejects.toMatchObject({
      code: 'content/share-mismatch',
      meta: { index: 2 },
    })
  })

  it('that combine to another key leave nothing of it', async () => {
    const bad = vectors.bad.find((b) => b.code === 'content/wrong-key') as Combinations['bad'][number]
    const erased = vi.spyOn(Secret.prototype, 'erase')
    try {
      expect(await codeOf(() => combine(bad.shares, bad.commitments))).toBe('content/wrong-key')
      expect(erased).toHaveBeenCalledOnce()
    } finally {
      erased.mockRestore()
    }
  })

  it('sealed to a committee open for any two of its three keepers', async () => {
    const { committee, keepers } = await newKeepers()
    const { objectId, header } = vectors
    const dek = new Secret(fromHex(vectors.dek))
    const sealed = await sealShares(dek, committee, { ...chain, objectId })
    expect(sealed.map((s) => s.keeper)).toEqual(committee.members.map(keeperId))
    const opened = await Promise.all(
      sealed.map(async (s, i) => {
        const context = { ...chain, objectId, index: i + 1, t: 2, n: 3 }
        return { index: i + 1, share: await openWrap((keepers[i] as (typeof keepers)[0]).hpke.secret, s, context) }
      }),
    )
    const commitments = sealed.map((s) => s.commitment)
    for (const leftOut of [0, 1, 2]) {
      const two = opened.filter((_, i) => i !== leftOut)
      const combined = await combineShares(two, { objectId, t: 2, commitments, header: parseHeader(fromHex(header)) })
      expect(toHex(combined.expose())).toBe(vectors.dek)
    }
  })

  it('are not split so that one keeper could open: content/bad-committee', async () => {
    const { committee } = await newKeepers()
    const dek = new Secret(stream('dek', 32))
    for (const t of [1, 4]) {
      const odd: Committee = { ...committee, t }
      expect(await codeOf(() => sealShares(dek, odd, { ...chain, objectId: vectors.objectId }))).toBe(
        'content/bad-committee',
      )
    }
  })
})
