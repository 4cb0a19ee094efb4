import {
  encodeHeader,
  type Manifest,
  manifestHash,
  objectIdOf,
  shareCommitment,
  signManifest,
  wrapShare,
} from '@allod/content'
import { committeeId, type Hex, type Policy, policyHash, Secret, type SigningKey, toHex } from '@allod/protocol'
import type { Origin } from '../chain/ChainFacts.ts'
import { addresses, CHAIN_ID, enclave, hex32, parties, rootId } from './party.ts'

/** A sealed object for tests: its manifest and the names that others give it. */
export type TestObject = {
  readonly manifest: Manifest
  readonly objectId: Hex
  readonly manifestHash: Hex
  readonly policyHash: Hex
  /** The share of the member at each place. */
  readonly shares: readonly Uint8Array[]
}

export const NO_ROYALTY = { bps: 0, floorPerSecond: '0', floorPerOrder: '0' } as const

/** A policy that allows what the tests' order does. */
export const policyOf = (owner: Hex, committee: Hex): Policy => ({
  version: 1,
  owner,
  committee,
  purposes: ['finetune'],
  engines: { kind: 'any' },
  builds: { kind: 'registry', noticeSeconds: 60 },
  tee: { trust: 'simulated', root: rootId, minimumTcb: 5, gpu: 'none' },
  providers: { kind: 'any' },
  machines: { kind: 'registered' },
  buyers: { kind: 'any' },
  export: { adapter: 'never', full: 'never', data: 'never' },
  outputs: { maxBytes: 1 << 20, metrics: ['loss'], logs: [], maxMemorisation: null },
  serving: { logprobs: false, embeddings: false, tokensPerClientPerDay: 0, bytesPerClientPerDay: 0 },
  lease: { ttlSeconds: 600, graceSeconds: 1800 },
  royalties: { self: NO_ROYALTY, inherited: {} },
  lineage: [],
})

/** What the chain says made a derived object: an order of the tests' committee in its enclave. */
export const originOf = async (change: Partial<Origin> = {}): Promise<Origin> => ({
  order: hex32(1),
  market: addresses.market,
  committee: committeeId((await parties()).committee),
  enclave: enclave.address,
  ...change,
})

const made = new Map<string, Promise<TestObject>>()

/** Seals nothing but the shares of a key, which is all that a keeper ever sees of an object. Alike asked, alike given. */
export async function testObject(
  fill: number,
  owner: Hex,
  by: SigningKey,
  change: (policy: Policy) => Policy = (p) => p,
): Promise<TestObject> {
  const policy = change(policyOf(owner, committeeId((await parties()).committee)))
  const name = `${fill} ${by.address} ${policyHash(policy)}`
  const object = made.get(name) ?? sealObject(fill, owner, by, policy)
  made.set(name, object)
  return object
}

async function sealObject(fill: number, owner: Hex, by: SigningKey, policy: Policy): Promise<TestObject> {
  const { committee } = await parties()
  const header = encodeHeader({
    chunkLog2: 16,
    isPadded: false,
    lengthBytes: 100,
    salt: new Uint8Array(32).fill(fill),
    keyCommitment: new Uint8Array(32).fill(fill + 1),
    root: new Uint8Array(32).fill(fill + 2),
  })
  const objectId = objectIdOf(header, owner, policyHash(policy))
  const shares = committee.members.map((_, i) => new Uint8Array(33).fill(fill + i))
  const { t, members } = committee
  const sealed = await Promise.all(
    members.map(async (member, i) => {
      const share = new Secret(shares[i] as Uint8Array)
      const context = {
        chainId: BigInt(CHAIN_ID),
        assets: addresses.assets,
        objectId,
        index: i + 1,
        t,
        n: members.length,
      }
      return {
        keeper: (await parties()).keepers[i]?.id as Hex,
        commitment: shareCommitment(objectId, i + 1, share),
        sealed: await wrapShare(member.hpkeKey, share, context),
      }
    }),
  )
  const manifest = signManifest(
    {
      format: 1,
      header: toHex(header),
      owner,
      policy,
      leafTable: hex32(fill),
      t,
      shares: sealed,
      metadata: { nonce: `0x${'00'.repeat(12)}`, ciphertext: '0x00' },
      version: 1,
    },
    by,
  )
  return { manifest, objectId, manifestHash: manifestHash(manifest), policyHash: policyHash(policy), shares }
}
