import { hex, type Json, record } from '@allod/protocol'
import type { Allod } from '../allod.ts'
import { askJson } from '../wire/askJson.ts'
import type { OrderRecord } from './orderRecord.ts'

const replyShape = record({ order: hex(32) })

/**
 * Hands an order's job to its provider, who holds it against the chain. Sending it twice does no harm.
 * @throws sdk/unreachable, and the provider's own refusals (`provider/…`)
 */
export async function sendJob(
  allod: Pick<Allod, 'fetch'>,
  { order, terms, spec, committee, manifests, provider }: OrderRecord,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  const body = { order, terms, spec, committee, manifests } as unknown as Json
  await askJson(allod, `${provider.url}/orders`, replyShape, { body, timeoutMs: 30_000, signal })
}
