import { canonicalise, fromHex, type Hex, newSigningKey, policyHash, Secret, toHex, utf8 } from '@allod/protocol'
import { describe, expect, it } from 'vitest'
import { parseHeader } from './header.ts'
import {
  decodeManifest,
  encodeManifest,
  type Manifest,
  manifestHash,
  manifestObjectId,
  parseManifest,
  requireManifest,
  signManifest,
} from './manifest.ts'
import { openMetadata, sealMetadata } from './metadata.ts'
import { objectKeys } from './objectKeys.ts'
import { combineShares, openWrap } from './shares.ts'
import { codeOf, vectorsOf } from './testing/vectors.ts'

type Bad = { name: string; code: string }
type Vectors = {
  good: {
    blob: Hex
    hash: Hex
    objectId: Hex
    policyHash: Hex
    owner: Hex
    dek: Hex
    metadata: string
    wraps: { seeds: Hex[]; shares: Hex[]; chainId: number; assets: Hex }
  }
  bad: (Bad & { blob: Hex; hash: Hex })[]
  badFor: (Bad & { manifest: unknown; objectId: Hex })[]
}

const { good, bad, badFor } = vectorsOf<Vectors>('manifests')
const manifest = decodeManifest(fromHex(good.blob), good.hash)
const dek = new Secret(fromHex(good.dek))

describe('manifest', () => {
  it('has all its vectors', () => expect([bad.length, badFor.length]).toEqual([13, 4]))

  it('is read, checked and written again', () => {
    requireManifest(manifest, { objectId: good.objectId })
    expect(manifestObjectId(manifest)).toBe(good.objectId)
    expect(policyHash(manifest.policy)).toBe(good.policyHash)
    expect(manifestHash(manifest)).toBe(good.hash)
    expect(toHex(encodeManifest(manifest))).toBe(good.blob)
  })

  // content/manifest-mismatch, content/manifest-inconsistent, content/bad-header
  it.each(bad)('is refused: $name', async ({ blob, hash, code }) => {
    expect(await codeOf(() => decodeManifest(fromHex(blob), hash))).toBe(code)
  })

  // content/object-mismatch, content/manifest-signer
  it.each(badFor)('is refused where it is of $name', async ({ manifest: value, objectId, code }) => {
    expect(await codeOf(() => requireManifest(parseManifest(value), { objectId }))).toBe(code)
  })

  it('of an output is signed by the enclave that its report names, not by its owner', async () => {
    const enclave = newSigningKey()
    const { signature: _, ...body } = manifest
    const output = signManifest(body, enclave)
    requireManifest(output, { objectId: good.objectId, signer: enclave.address })
    expect(await codeOf(() => requireManifest(output, { objectId: good.objectId }))).toBe('content/manifest-signer')
    expect(await codeOf(() => requireManifest(manifest, { objectId: good.objectId, signer: enclave.address }))).toBe(
      'content/manifest-signer',
    )
  })

  it('holds shares that its keepers open and that combine to the key', async () => {
    const { seeds, chainId, assets } = good.wraps
    const shares = await Promise.all(
      seeds.map(async (seed, i) => {
        const context = { chainId: BigInt(chainId), assets, objectId: good.objectId, index: i + 1, t: 2, n: 3 }
        const share = await openWrap(new Secret(fromHex(seed)), manifest.shares[i] as Manifest['shares'][0], context)
        return { index: i + 1, share }
      }),
    )
    expect(shares.map((s) => toHex(s.share.expose()))).toEqual(good.wraps.shares)
    const commitments = manifest.shares.map((s) => s.commitment)
    const object = { objectId: good.objectId, t: 2, commitments, header: parseHeader(fromHex(manifest.header)) }
    expect(toHex((await combineShares(shares.slice(1), object)).expose())).toBe(good.dek)
  })
})

describe('metadata', () => {
  it('opens under the object’s key', async () => {
    expect(canonicalise(await openMetadata(manifest, dek))).toEqual(utf8(good.metadata))
  })

  it('does not open under another key: content/wrong-key', async () => {
    expect(await codeOf(() => openMetadata(manifest, new Secret(new Uint8Array(32))))).toBe('content/wrong-key')
  })

  it('does not open in another version or object: content/metadata-unopened', async () => {
    const other = { ...manifest, version: 2 }
    expect(await codeOf(() => openMetadata(other, dek))).toBe('content/metadata-unopened')
    const lineage = { ...manifest, policy: { ...manifest.policy, purposes: ['run' as const] } }
    expect(await codeOf(() => openMetadata(lineage, dek))).toBe('content/metadata-unopened')
  })

  it('is sealed under a fresh nonce each time', async () => {
    const keys = await objectKeys(dek, parseHeader(fromHex(manifest.header)).salt)
    const issue = () => sealMetadata(keys, { objectId: good.objectId, version: 7, metadata: { name: 'x' } })
    const [first, second] = [await issue(), await issue()]
    expect(first.nonce).not.toBe(second.nonce)
    expect(await openMetadata({ ...manifest, version: 7, metadata: first }, dek)).toEqual({ name: 'x' })
  })
})
