import {
  canonicalise,
  committeeIdOf,
  documentHash,
  fromHex,
  type Hex,
  type Json,
  newSigningKey,
  type SigningKey,
  signDigest,
  taggedHash,
} from '@allod/protocol'
import { assets, chainId, commitmentOf, dek, hpkeSealWith, infoOf, object, shares } from './keyVectors.ts'
import { bytesOf, gcm, hex, sha256, stream, tag, u32 } from './reference.ts'

const owner = newSigningKey(Uint8Array.from(stream('owner key', 32)))
const stranger = newSigningKey(Uint8Array.from(stream('stranger key', 32)))

type Document = { readonly [name: string]: Json }

/** Manifests and storage receipts. */
export const manifestVectors = async () => ({ manifests: await manifests(), receipts: receipts() })

const seeds = [0, 1, 2].map((i) => stream(`keeper ${i}`, 32))
const keeperIds = [0, 1, 2].map((i) => hex(stream(`keeper id ${i}`, 32))).sort()

const policy = {
  version: 1,
  owner: owner.address,
  committee: committeeIdOf(2, keeperIds),
  purposes: ['finetune', 'serve'],
  engines: { kind: 'any' },
  builds: { kind: 'registry', noticeSeconds: 3600 },
  tee: { trust: 'hardware', kinds: ['tdx', 'sevsnp'], minimumTcb: 1, gpu: 'none' },
  providers: { kind: 'any' },
  machines: { kind: 'any' },
  buyers: { kind: 'any' },
  export: { adapter: 'buyer', full: 'never', data: 'never' },
  outputs: { maxBytes: 1_048_576, metrics: ['loss'], logs: [], maxMemorisation: 5 },
  serving: { logprobs: false, embeddings: false, tokensPerClientPerDay: 1000, bytesPerClientPerDay: 100_000 },
  lease: { ttlSeconds: 600, graceSeconds: 1800 },
  royalties: { self: { bps: 500, floorPerSecond: '0', floorPerOrder: '10' }, inherited: {} },
  lineage: [],
} as const

const policyHash = documentHash('allod/policy/v1', policy)
const objectId = sha256(tag('allod/object/v1'), object.header, bytesOf(owner.address), bytesOf(policyHash))

async function unsigned(): Promise<Document> {
  const sealedShares = await Promise.all(
    shares.map(async (share, i) => {
      const info = infoOf(objectId, i + 1, 2, 3)
      const random = stream(`random ${i}`, 64)
      const { sealed } = await hpkeSealWith(seeds[i] as Buffer, random, info, Buffer.alloc(0), share)
      return { keeper: keeperIds[i] as Hex, commitment: hex(commitmentOf(objectId, i + 1, share)), sealed }
    }),
  )
  const nonce = stream('nonce', 12)
  const metadata = Buffer.from('{"name":"a model"}')
  return {
    format: 1,
    header: hex(object.header),
    owner: owner.address,
    policy,
    leafTable: hex(sha256(...object.leaves)),
    t: 2,
    shares: sealedShares,
    metadata: {
      nonce: hex(nonce),
      ciphertext: hex(gcm(object.metadataKey, nonce, Buffer.concat([objectId, u32(1)]), metadata)),
    },
    version: 1,
  }
}

const signed = (body: Document, key: SigningKey = owner): Document => ({
  ...body,
  signature: {
    signer: key.address,
    signature: signDigest(key, fromHex(taggedHash('allod/manifest/v1', canonicalise(body)))),
  },
})

const blobOf = (manifest: Json): Buffer => Buffer.concat([tag('allod/signed-manifest/v1'), canonicalise(manifest)])

async function manifests() {
  const body = await unsigned()
  const good = signed(body)
  const blob = blobOf(good)
  const parsed = (name: string, manifest: Json, code: string) => {
    const bytes = blobOf(manifest)
    return { name, blob: hex(bytes), hash: hex(sha256(bytes)), code }
  }
  const flipped = Buffer.from(blob)
  flipped[200] = (flipped[200] as number) ^ 1
  const spaced = Buffer.concat([tag('allod/signed-manifest/v1'), Buffer.from(JSON.stringify(good, null, 1))])
  const header = Buffer.from(object.header)
  header[5] = 2
  const list = body.shares as readonly Json[]
  return {
    good: {
      blob: hex(blob),
      hash: hex(sha256(blob)),
      objectId: hex(objectId),
      policyHash,
      owner: owner.address,
      dek: hex(dek),
      metadata: '{"name":"a model"}',
      wraps: { seeds: seeds.map(hex), shares: shares.map(hex), chainId, assets: hex(assets) },
    },
    bad: [
      { name: 'one byte changed', blob: hex(flipped), hash: hex(sha256(blob)), code: 'content/manifest-mismatch' },
      {
        name: 'no tag',
        blob: hex(canonicalise(good)),
        hash: hex(sha256(canonicalise(good))),
        code: 'content/manifest-mismatch',
      },
      { name: 'spaces', blob: hex(spaced), hash: hex(sha256(spaced)), code: 'protocol/not-canonical' },
      parsed('a field too many', signed({ ...body, note: 'x' }), 'protocol/bad-shape'),
      parsed('no signature', body, 'protocol/bad-shape'),
      parsed('another format', signed({ ...body, format: 2 }), 'protocol/bad-shape'),
      parsed('version 0', signed({ ...body, version: 0 }), 'protocol/bad-shape'),
      parsed('one keeper can open', signed({ ...body, t: 1 }), 'protocol/bad-shape'),
      parsed('a broken header', signed({ ...body, header: hex(header) }), 'content/bad-header'),
      parsed(
        'an owner who is not the policy’s',
        signed({ ...body, owner: stranger.address }),
        'content/manifest-inconsistent',
      ),
      parsed('another threshold than the committee’s', signed({ ...body, t: 3 }), 'content/manifest-inconsistent'),
      parsed('a share left out', signed({ ...body, shares: list.slice(1) }), 'content/manifest-inconsistent'),
      parsed('shares out of order', signed({ ...body, shares: list.toReversed() }), 'protocol/bad-committee'),
    ],
    badFor: [
      { name: 'another object', manifest: good, objectId: hex(stream('other', 32)), code: 'content/object-mismatch' },
      {
        name: 'signed by a stranger',
        manifest: signed(body, stranger),
        objectId: hex(objectId),
        code: 'content/manifest-signer',
      },
      {
        name: 'a stranger’s signature in the owner’s name',
        manifest: { ...good, signature: { ...(signed(body, stranger).signature as Document), signer: owner.address } },
        objectId: hex(objectId),
        code: 'protocol/wrong-signer',
      },
      {
        name: 'changed after signing',
        manifest: { ...good, leafTable: hex(stream('other', 32)) },
        objectId: hex(objectId),
        code: 'protocol/wrong-signer',
      },
    ],
  }
}

function receipts() {
  const body = { digest: hex(stream('digest', 32)), sizeBytes: 100, time: 1_700_000_000 }
  const sign = (blob: Document, key = owner) => ({
    ...blob,
    by: { signer: key.address, signature: signDigest(key, fromHex(documentHash('allod/storage-receipt/v1', blob))) },
  })
  const good = { receipt: sign(body), store: owner.address, digest: body.digest, sizeBytes: 100 }
  return {
    good: [good],
    bad: [
      { ...good, name: 'by another store', receipt: sign(body, stranger) },
      { ...good, name: 'for another blob', digest: hex(stream('other', 32)) },
      { ...good, name: 'of another size', sizeBytes: 101 },
      { ...good, name: 'with another time than was signed', receipt: { ...sign(body), time: 1 } },
      { ...good, name: 'without a signature', receipt: body },
      { ...good, name: 'nothing', receipt: null },
    ],
  }
}
