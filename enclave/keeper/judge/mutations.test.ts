import { type Manifest, manifestHash, signManifest } from '@allod/content'
import { type Admission, admissionShape, type Json, type Offer } from '@allod/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { grant } from '../decide/grant.ts'
import { newCase } from '../testing/newCase.ts'
import { newKeeper } from '../testing/newKeeper.ts'
import { owner } from '../testing/party.ts'
import { codeOf } from '../testing/refusal.ts'
import { judgeAdmission } from './judgeAdmission.ts'

/** Changes one leaf of a document a little: a digit of hex, a letter, a number by one. */
function changeLeaf(value: Json, at: number): Json {
  const leaves: (readonly (string | number)[])[] = []
  const visit = (x: Json, path: readonly (string | number)[]): void => {
    if (typeof x !== 'object' || x === null) leaves.push(path)
    else
      for (const [key, inner] of Object.entries(x))
        visit(inner as Json, [...path, Array.isArray(x) ? Number(key) : key])
  }
  visit(value, [])
  const path = leaves[at % leaves.length] ?? []
  const copy = structuredClone({ root: value }) as { root: Json }
  let holder: Record<string | number, Json> = copy as never
  let key: string | number = 'root'
  for (const step of path) {
    holder = holder[key] as never
    key = step
  }
  holder[key] = changed(holder[key] as Json, at)
  return copy.root
}

function changed(leaf: Json, at: number): Json {
  if (typeof leaf === 'number') return leaf + 1
  if (typeof leaf === 'boolean') return !leaf
  if (typeof leaf !== 'string' || leaf === '') return 'changed'
  const from = leaf.startsWith('0x') ? 2 : 0
  const place = from + (at % Math.max(1, leaf.length - from))
  return `${leaf.slice(0, place)}${leaf[place] === '1' ? '2' : '1'}${leaf.slice(place + 1)}`
}

const made = await newCase()
const keeper = await newKeeper(async (query) => made.facts(query))

/** The code for an admission one part of which was changed in one place; parsed anew, as it would come over the wire. */
async function codeFor(part: keyof Admission, at: number): Promise<string> {
  const admission = { ...made.admission, [part]: changeLeaf(made.admission[part] as Json, at) }
  return codeOf((async () => judgeAdmission(admissionShape(admission), 'vote', keeper))())
}

describe('one place changed', () => {
  const codes: readonly (readonly [part: keyof Admission, what: string, allowed: RegExp])[] = [
    ['spec', 'the spec', /^protocol\/(spec-mismatch|bad-shape)$/],
    ['terms', 'the offers and lanes', /^(protocol\/(order-terms-mismatch|bad-shape)|keeper\/wrong-chain)$/],
    [
      'manifests',
      'a manifest',
      /^(keeper\/manifest-mismatch|content\/(manifest-inconsistent|bad-header|object-too-large)|protocol\/bad-shape)$/,
    ],
    ['committee', 'the committee', /^(keeper\/committee-mismatch|protocol\/(bad-committee|bad-shape))$/],
    [
      'launch',
      'the launch',
      /^(keeper\/(launch-not-by-provider|order-state)|protocol\/(order-terms-mismatch|bad-shape))$/,
    ],
    ['bundle', 'the evidence', /^(attestation\/[a-z-]+|keeper\/nonces-mismatch|protocol\/bad-(shape|hex))$/],
    [
      'challenges',
      'a challenge',
      /^(keeper\/(challenge-missing|challenge-forged|nonces-mismatch)|protocol\/bad-shape|ok)$/,
    ],
  ]
  test.each(codes)('in %s: %s', async (part, _, allowed) => {
    await fc.assert(
      fc.asyncProperty(fc.nat(100_000), async (at) => {
        expect(await codeFor(part, at)).toMatch(allowed)
      }),
      { numRuns: 40 },
    )
  })
})

describe('a share that was tampered with, in a manifest that its owner signed so', () => {
  async function grantCode(tamper: (manifest: Manifest) => Manifest['shares']): Promise<string> {
    const { signature: _, ...body } = made.model.manifest
    const manifest = signManifest({ ...body, shares: tamper(made.model.manifest) }, owner)
    const hash = manifestHash(manifest)
    const named = await newCase({
      spec: (s) => ({
        ...s,
        inputs: { ...s.inputs, model: { ...(s.inputs.model as object), manifestHash: hash } as never },
      }),
      offers: (all) => all.map((o): Offer => (o.kind === 2 ? { ...o, manifestHash: hash } : o)),
    })
    const manifests = { ...named.admission.manifests, model: manifest as Json }
    return codeOf(grant({ ...named.admission, manifests }, await newKeeper(async (query) => named.facts(query))))
  }

  test.each([
    [
      'the wrap',
      'content/wrap-unopened',
      (s: Manifest['shares'][number]) => ({ ...s, sealed: changeLeaf(s.sealed, 2001) as never }),
    ],
    [
      'the commitment',
      'content/share-mismatch',
      (s: Manifest['shares'][number]) => ({ ...s, commitment: changeLeaf(s.commitment, 5) as never }),
    ],
  ])('%s: %s', async (_, code, change) => {
    expect(await grantCode(({ shares }) => shares.map((s, i) => (i === 0 ? change(s) : s)))).toBe(code)
  })

  test('another keeper’s wrap in this one’s place: content/wrap-unopened', async () => {
    const swap = ({ shares }: Manifest) => shares.map((s, i) => ({ ...s, sealed: (shares[(i + 1) % 3] ?? s).sealed }))
    expect(await grantCode(swap)).toBe('content/wrap-unopened')
  })
})
