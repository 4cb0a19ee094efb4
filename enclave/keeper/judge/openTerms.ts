import type { Hex, Terms } from '@allod/protocol'

/** Ten minutes, as leases last where no owner asks for less. */
const TTL_SECONDS = 600
const GRACE_SECONDS = 1800

/** What a keeper demands of a job whose inputs are all public: an approved build in a TEE, and nothing else. */
export const openTerms = (committee: Hex, simulatedRoot: Hex | null): Terms => ({
  committee,
  purposes: ['finetune', 'serve', 'run'],
  engines: { kind: 'any' },
  builds: { kind: 'registry', noticeSeconds: 0 },
  tee:
    simulatedRoot === null
      ? { trust: 'hardware', kinds: ['tdx', 'sevsnp'], minimumTcb: 0, gpu: 'none' }
      : { trust: 'simulated', root: simulatedRoot, minimumTcb: 0, gpu: 'none' },
  providers: { kind: 'registered' },
  machines: { kind: 'registered' },
  buyers: { kind: 'any' },
  export: { adapter: 'buyer', full: 'buyer', data: 'buyer' },
  outputs: { maxBytes: 2 ** 40, metrics: [], logs: [], maxMemorisation: null },
  serving: {
    logprobs: true,
    embeddings: true,
    tokensPerClientPerDay: Number.MAX_SAFE_INTEGER,
    bytesPerClientPerDay: Number.MAX_SAFE_INTEGER,
  },
  lease: { ttlSeconds: TTL_SECONDS, graceSeconds: GRACE_SECONDS },
})
