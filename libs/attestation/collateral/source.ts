import { fail } from './errors.ts'

/** One question to a service. */
export type CollateralRequest = {
  readonly url: string
  /** DER of an OCSP request; a GET without. */
  readonly body?: Uint8Array<ArrayBuffer>
}

/** One answer, and how old it is: whoever uses it checks the dates inside, which are signed. */
export type Fetched = {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Headers that carry certificates, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly ageSeconds: number
}

/** Brings collateral: over HTTPS, from a cache, or from an offline bundle. */
export type CollateralSource = (request: CollateralRequest) => Promise<Fetched>

const MAX_BYTES = 4 << 20
const TIMEOUT_MS = 20_000
/** Intel sends the certificates of what it signed beside it. */
const HEADERS = ['tcb-info-issuer-chain', 'sgx-enclave-identity-issuer-chain', 'sgx-pck-crl-issuer-chain']

/**
 * Asks the services themselves.
 * @param options.send `fetch` unless told
 * @throws collateral/unreachable, collateral/refused, collateral/too-large
 */
export const httpSource =
  ({ send = fetch }: { readonly send?: typeof fetch } = {}): CollateralSource =>
  async ({ url, body }) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const post = { method: 'POST', body: body ?? null, headers: { 'content-type': 'application/ocsp-request' } }
    const response = await send(url, { signal, redirect: 'error', ...(body === undefined ? {} : post) }).catch(
      (cause) => {
        throw fail('unreachable', { actual: url, cause })
      },
    )
    if (!response.ok) {
      await response.body?.cancel()
      throw fail('refused', { expected: 200, actual: response.status, meta: { url } })
    }
    const headers = HEADERS.flatMap((name) => {
      const value = response.headers.get(name)
      return value === null ? [] : [[name, value] as const]
    })
    return { bytes: await bounded(response, url), headers: Object.fromEntries(headers), ageSeconds: 0 }
  }

async function bounded(response: Response, url: string): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = []
  let size = 0
  try {
    for await (const piece of response.body ?? []) {
      size += piece.length
      if (size > MAX_BYTES) throw fail('too-large', { expected: `<= ${MAX_BYTES} bytes`, meta: { url } })
      pieces.push(piece)
    }
  } catch (cause) {
    if (size > MAX_BYTES) throw cause
    throw fail('unreachable', { actual: url, cause })
  }
  const bytes = new Uint8Array(size)
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}
