import { newHpkeKey } from '@allod/content'
import type { SealOptions } from '@allod/content/seal'
import { committeeId, newCommittee, newSigningKey, type Policy } from '@allod/protocol'

/** What sealing needs beside content and stores: a committee of two fresh keepers and a plain policy. */
export async function newSealing(): Promise<Omit<SealOptions, 'stores'>> {
  const keepers = await Promise.all([1, 2].map(async () => ({ hpke: await newHpkeKey(), key: newSigningKey() })))
  const members = keepers.map(({ hpke, key }) => ({ hpkeKey: hpke.publicKey, address: key.address }))
  const committee = newCommittee(2, members)
  const signer = newSigningKey()
  const policy: Policy = {
    version: 1,
    owner: signer.address,
    committee: committeeId(committee),
    purposes: ['run'],
    engines: { kind: 'any' },
    builds: { kind: 'registry', noticeSeconds: 0 },
    tee: { trust: 'hardware', kinds: ['tdx'], minimumTcb: 0, gpu: 'none' },
    providers: { kind: 'any' },
    machines: { kind: 'any' },
    buyers: { kind: 'any' },
    export: { adapter: 'never', full: 'never', data: 'never' },
    outputs: { maxBytes: 0, metrics: [], logs: [], maxMemorisation: null },
    serving: { logprobs: false, embeddings: false, tokensPerClientPerDay: 0, bytesPerClientPerDay: 0 },
    lease: { ttlSeconds: 600, graceSeconds: 0 },
    royalties: { self: { bps: 0, floorPerSecond: '0', floorPerOrder: '0' }, inherited: {} },
    lineage: [],
  }
  return { policy, committee, chainId: 1n, assets: `0x${'00'.repeat(20)}`, signer, replicas: 1 }
}
