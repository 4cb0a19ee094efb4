import {
  combineShares,
  type FileEntry,
  type FolderSink,
  hpkeOpen,
  type Manifest,
  manifestObjectId,
  parseHeader,
  type Share,
} from '@allod/content'
import { openFolder } from '@allod/content/open'
import {
  fromHex,
  type Hex,
  isAllodError,
  type Json,
  keeperId,
  outputKindOf,
  type ReleaseReply,
  releaseHash,
  releaseInfo,
  releaseReplyShape,
  requireSigner,
  type Secret,
} from '@allod/protocol'
import type { Allod } from '../allod.ts'
import { fail } from '../errors.ts'
import type { OrderRecord } from '../order/orderRecord.ts'
import { orderKeys } from '../wallet/orderKeys.ts'
import type { Wallet } from '../wallet/wallet.ts'
import { askJson } from '../wire/askJson.ts'
import { pause } from '../wire/pause.ts'
import { fetchReport, registerDerived } from './deriveObject.ts'

export type ResultOptions = {
  readonly sink: FolderSink
  /** How long finality may take; a minute unless told. */
  readonly maxSeconds?: number
  readonly signal?: AbortSignal
  readonly onStep?: (step: 'reported' | 'registered' | 'released' | 'opened') => void
}

/**
 * Takes an order's result out: t keepers release their shares to the key of the spec, which only this wallet has, and only
 * where every input's policy lets it go to the buyer.
 * @throws sdk/export-forbidden in words, sdk/not-reported, sdk/not-released with each keeper's reason, content/…
 */
export async function openResult(
  allod: Allod,
  wallet: Wallet,
  record: OrderRecord,
  { sink, maxSeconds = 60, signal, onStep }: ResultOptions,
): Promise<readonly FileEntry[]> {
  const report = await fetchReport(allod, record)
  const [manifest] = Object.values(report.manifests)
  if (manifest === undefined) throw fail('not-reported', { expected: 'an output', actual: 'none' })
  requireExport(record, manifest)
  onStep?.('reported')
  await registerDerived(allod, wallet, record, report)
  onStep?.('registered')
  const { results } = await orderKeys(wallet, record.spec.salt)
  const shares = await collectShares(allod, record, manifest, { key: results.secret, maxSeconds, signal })
  onStep?.('released')
  const dek = await combineShares(shares, {
    objectId: manifestObjectId(manifest),
    t: manifest.t,
    commitments: manifest.shares.map((s) => s.commitment),
    header: parseHeader(fromHex(manifest.header)),
  }).finally(() => {
    for (const { share } of shares) share.erase()
  })
  try {
    const files = await openFolder({ manifest, dek, stores: allod.stores, ...(signal ? { signal } : {}) }, sink)
    onStep?.('opened')
    return files
  } finally {
    dek.erase()
  }
}

// Said here in words, before keepers say it by their code.
function requireExport({ spec, manifests }: OrderRecord, { policy }: Manifest): void {
  const kind = outputKindOf(spec)
  if (kind !== null && policy.export[kind] === 'buyer') return
  const by = Object.entries(manifests)
    .filter(([, m]) => kind === null || m.policy.export[kind] !== 'buyer')
    .map(([input]) => input)
  throw fail('export-forbidden', {
    expected: 'buyer',
    actual: kind === null ? 'no output' : policy.export[kind],
    meta: { kind, forbiddenBy: by },
  })
}

type Collect = { readonly key: Secret; readonly maxSeconds: number; readonly signal: AbortSignal | undefined }

async function collectShares(
  allod: Allod,
  record: OrderRecord,
  manifest: Manifest,
  { key, maxSeconds, signal }: Collect,
): Promise<readonly Share[]> {
  const until = performance.now() + maxSeconds * 1000
  const opened = new Map<number, Share>()
  for (;;) {
    const refusals = await askKeepers(allod, record, manifest, key, opened)
    if (opened.size >= manifest.t) return [...opened.values()]
    // A report that is not final yet is worth waiting for; every other reason is an answer.
    const isWaiting = refusals.some((r) => r.code === 'keeper/not-reported' || r.code === 'keeper/not-of-order')
    if (!isWaiting || performance.now() > until || signal?.aborted === true) {
      for (const { share } of opened.values()) share.erase()
      throw fail('not-released', { expected: manifest.t, actual: opened.size, meta: { refusals } })
    }
    await pause(1000, signal)
  }
}

type Refusal = { readonly keeper: Hex; readonly code: string; readonly says: string }

async function askKeepers(
  allod: Allod,
  { order, spec, terms, committee }: OrderRecord,
  manifest: Manifest,
  key: Secret,
  opened: Map<number, Share>,
): Promise<readonly Refusal[]> {
  const body = { order, spec, terms, manifest, committee } as unknown as Json
  const objectId = manifestObjectId(manifest)
  const outcomes = await Promise.all(
    allod.network.keepers.map(async ({ url, keys }): Promise<Refusal | null> => {
      const index = committee.members.findIndex((m) => m.address === keys.address) + 1
      if (index === 0 || opened.has(index)) return null
      try {
        const reply = await askJson(allod, `${url}/release`, releaseReplyShape, { body })
        opened.set(index, {
          index,
          share: await openShare(reply, { order, objectId, index, key, signer: keys.address }),
        })
        return null
      } catch (error) {
        if (!isAllodError(error)) throw error
        return { keeper: keeperId(keys), code: error.code, says: error.message }
      }
    }),
  )
  return outcomes.filter((o) => o !== null)
}

async function openShare(
  reply: ReleaseReply,
  {
    order,
    objectId,
    index,
    key,
    signer,
  }: {
    readonly order: Hex
    readonly objectId: Hex
    readonly index: number
    readonly key: Secret
    readonly signer: Hex
  },
): Promise<Secret> {
  if (reply.objectId !== objectId || reply.index !== index)
    throw fail('bad-answer', {
      expected: { objectId, index },
      actual: { objectId: reply.objectId, index: reply.index },
    })
  requireSigner(fromHex(releaseHash(order, reply), 32), reply.by.signature, signer)
  return hpkeOpen(key, releaseInfo({ order, objectId, index }), new Uint8Array(), reply.sealed)
}
