import { AllodError, errorFromJson, type Json, type Shape } from '@allod/protocol'

/** The enclave's only way out: named destinations behind the host's relay. Nothing that comes back is believed. */
export type HostLink = {
  /** A fetch that speaks to one destination, whatever the URL's host says. */
  readonly fetchFrom: (destination: string) => (path: string, init?: RequestInit) => Promise<Response>
}

/** What somebody outside answered instead: its code is a claim, and nothing is signed because of it. */
export class ToldError extends AllodError {
  constructor(said: unknown) {
    const { code, message, hint, meta } = errorFromJson(said)
    super(code, message, hint, { meta })
  }
}

const MAX_REPLY_BYTES = 4 << 20

/**
 * One JSON exchange with a destination.
 * @throws ToldError with the other side's code; protocol/bad-shape for an answer of no known form
 */
export async function ask<T>(
  host: HostLink,
  destination: string,
  path: string,
  body: Json | null,
  shape: Shape<T>,
  { timeoutMs = 30_000, signal }: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
): Promise<T> {
  const limit = AbortSignal.timeout(timeoutMs)
  const response = await host.fetchFrom(destination)(path, {
    ...(body === null
      ? { method: 'GET' }
      : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    signal: signal ? AbortSignal.any([limit, signal]) : limit,
  })
  const value = JSON.parse((await boundedText(response)) || 'null') as unknown
  if (!response.ok) throw new ToldError(value)
  return shape(value)
}

async function boundedText(response: Response): Promise<string> {
  const bytes: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > MAX_REPLY_BYTES) throw errorFromJson(`reply larger than ${MAX_REPLY_BYTES} bytes`)
    bytes.push(chunk)
  }
  return Buffer.concat(bytes).toString('utf8')
}
