import { type Manifest, manifestHash, manifestObjectId, parseManifest, requireManifest } from '@allod/content'
import {
  type Derived,
  type Envelope,
  envelopeHash,
  type Hex,
  openEnvelope,
  policyHash,
  type ReportStatement,
  reportRequestShape,
  reportStatementShape,
} from '@allod/protocol'
import { type Allod, writerOf } from '../allod.ts'
import { fail } from '../errors.ts'
import type { OrderRecord } from '../order/orderRecord.ts'
import { royaltyArgs } from '../publish/sealObject.ts'
import type { Wallet } from '../wallet/wallet.ts'
import { askJson } from '../wire/askJson.ts'

/** What an order reported: the signed envelope, what it derived, and the manifests of its outputs, checked against it. */
export type OrderReport = {
  readonly envelope: Envelope
  readonly hash: Hex
  readonly statement: ReportStatement
  readonly derived: Derived | null
  readonly manifests: { readonly [output: string]: Manifest }
}

/**
 * An order's report from its provider, held against the chain: the hash recorded there, the enclave recorded there.
 * @throws sdk/not-reported, report/signature-mismatch, sdk/report-not-recorded, content/object-mismatch and others
 */
export async function fetchReport(
  allod: Allod,
  { order, provider }: Pick<OrderRecord, 'order' | 'provider'>,
): Promise<OrderReport> {
  const view = await allod.chain.latest()
  const events = await view.orderEvents(order)
  const reported = events.find((e) => e.name === 'Reported')
  if (reported === undefined) throw fail('not-reported', { actual: (await view.order(order)).state })
  const answer = await askJson(allod, `${provider.url}/orders/${order}/report`, reportRequestShape)
  const { envelope, derived } = answer
  const hash = envelopeHash(envelope)
  if (hash !== reported.args.reportHash)
    throw fail('report-not-recorded', { expected: reported.args.reportHash, actual: hash })
  const generation = Number(reported.args.generation)
  const bound = events.find((e) => e.name === 'Bound' && Number(e.args.generation) === generation)
  const enclave = String(bound?.args.enclave).toLowerCase() as Hex
  const statement = reportStatementShape(openEnvelope(envelope, enclave))
  return { envelope, hash, statement, derived, manifests: outputsOf(statement, enclave, answer.manifests) }
}

function outputsOf(
  { predicate }: ReportStatement,
  enclave: Hex,
  given: { readonly [name: string]: unknown },
): { readonly [output: string]: Manifest } {
  const entries = predicate.outputs.map(({ name, objectId, manifestHash: expected }) => {
    const manifest = parseManifest(given[name])
    requireManifest(manifest, { objectId, signer: enclave })
    const actual = manifestHash(manifest)
    if (actual !== expected) throw fail('report-not-recorded', { expected, actual, meta: { output: name } })
    return [name, manifest] as const
  })
  return Object.fromEntries(entries)
}

/**
 * Registers what an order derived, as its report names it, so that it can be offered, ordered and taken out. Only its owner
 * can; done once, it is not done again.
 * @returns the object's id; null where the order derived nothing
 * @throws sdk/not-reported, chain errors
 */
export async function registerDerived(
  allod: Allod,
  wallet: Wallet,
  record: Pick<OrderRecord, 'order' | 'terms' | 'spec'>,
  { derived, hash, manifests }: OrderReport,
): Promise<Hex | null> {
  if (derived === null) return null
  const manifest = Object.values(manifests).find(
    (m) => m.header === derived.header && policyHash(m.policy) === derived.policyHash,
  )
  if (manifest === undefined)
    throw fail('report-not-recorded', { expected: derived.header, meta: { part: 'manifest' } })
  const objectId = manifestObjectId(manifest)
  const view = await allod.chain.latest()
  const { isDerived } = await view.asset(objectId)
  if (isDerived) return objectId
  await writerOf(allod, wallet).send('assets', 'registerDerived', [
    { market: record.terms.market, order: record.order, reportHash: hash, ...derived },
    royaltyArgs(manifest.policy.royalties.self),
  ])
  return objectId
}
