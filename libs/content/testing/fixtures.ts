import {
  committeeId,
  type Hex,
  newCommittee,
  newSigningKey,
  type Policy,
  Secret,
  type SigningKey,
} from '@allod/protocol'
import type { FolderSource } from '../folder.ts'
import { type HpkeKey, newHpkeKey } from '../hpke/hpke.ts'
import type { SealOptions } from '../seal/sealStream.ts'
import type { Store } from '../stores/Store.ts'

const seeded = (fill: number): Secret => new Secret(new Uint8Array(32).fill(fill))

export const owner: SigningKey = newSigningKey(new Uint8Array(32).fill(1))
export const chain = { chainId: 31337n, assets: '0x00000000000000000000000000000000000000aa' as Hex }

/** Keepers by their place in the committee. */
export type Keeper = { readonly hpke: HpkeKey; readonly address: Hex }

/** A committee of three, any two of which open; made once. */
export const newKeepers = (): ReturnType<typeof makeKeepers> => {
  made ??= makeKeepers()
  return made
}

let made: ReturnType<typeof makeKeepers> | null = null

async function makeKeepers(): Promise<{
  committee: ReturnType<typeof newCommittee>
  keepers: readonly Keeper[]
}> {
  const pairs = await Promise.all(
    [11, 12, 13].map(async (fill) => ({
      hpke: await newHpkeKey(seeded(fill)),
      address: newSigningKey(new Uint8Array(32).fill(fill)).address,
    })),
  )
  const committee = newCommittee(
    2,
    pairs.map((k) => ({ hpkeKey: k.hpke.publicKey, address: k.address })),
  )
  const keepers = committee.members.map((m) => pairs.find((k) => k.hpke.publicKey === m.hpkeKey) as Keeper)
  return { committee, keepers }
}

export const policyFor = (committee: Hex): Policy => ({
  version: 1,
  owner: owner.address,
  committee,
  purposes: ['finetune'],
  engines: { kind: 'any' },
  builds: { kind: 'registry', noticeSeconds: 60 },
  tee: { trust: 'hardware', kinds: ['tdx'], minimumTcb: 1, gpu: 'none' },
  providers: { kind: 'any' },
  machines: { kind: 'any' },
  buyers: { kind: 'any' },
  export: { adapter: 'never', full: 'never', data: 'never' },
  outputs: { maxBytes: 2 ** 30, metrics: ['loss'], logs: [], maxMemorisation: null },
  serving: { logprobs: false, embeddings: false, tokensPerClientPerDay: 0, bytesPerClientPerDay: 0 },
  lease: { ttlSeconds: 600, graceSeconds: 1800 },
  royalties: { self: { bps: 0, floorPerSecond: '0', floorPerOrder: '0' }, inherited: {} },
  lineage: [],
})

/** Options that seal to three test keepers in chunks of 64 KiB. */
export async function sealOptions(stores: readonly Store[], more: Partial<SealOptions> = {}): Promise<SealOptions> {
  const { committee } = await newKeepers()
  const policy = policyFor(committeeId(committee))
  return { policy, committee, ...chain, signer: owner, stores, replicas: stores.length, chunkLog2: 16, ...more }
}

/** Bytes that look random and are the same every time. */
export function testBytes(length: number, seed = 1): Uint8Array {
  const out = new Uint8Array(length)
  let x = seed * 2654435761 + 1
  for (let i = 0; i < length; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0
    out[i] = x >>> 24
  }
  return out
}

/** A stream of bytes in pieces of `pieceBytes`. */
export async function* streamed(bytes: Uint8Array, pieceBytes = 50_000): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

/** A folder in memory; its files must be given in order. */
export const folderOf = (files: Readonly<Record<string, Uint8Array>>): FolderSource => ({
  files: Object.entries(files).map(([path, bytes]) => ({
    path,
    sizeBytes: bytes.length,
    isExecutable: path.endsWith('.sh'),
  })),
  read: (file) => streamed(files[file.path] as Uint8Array),
})

export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces)
}
