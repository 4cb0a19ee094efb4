import { concat, errorFromJson, fromUtf8, type Hex } from '@allod/protocol'
import { fail } from '../errors.ts'
import { requireRunning } from './fetchBlob.ts'

/** What carries requests: the platform's fetch, or one over a relay. Redirects are never followed. */
export type Fetch = (url: string, init: RequestInit & { duplex?: 'half' }) => Promise<Response>

/** One HTTP peer, named by the address of its key. */
export type Peer = { readonly id: Hex; readonly url: string; readonly fetch: Fetch; readonly timeoutMs: number }

export type RequestOptions = {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Makes the body anew for each attempt. */
  readonly body?: () => BodyInit | Promise<BodyInit>
  /** How long the response may take to begin. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal | undefined
}

export type Answer = {
  readonly status: number
  readonly headers: Headers
  /**
   * The body as it comes: each piece within the peer's timeout, and all of it as fast as the slowest peer that is put up with.
   * Read it or call `drop`.
   * @param sizeBytes how large it may be
   */
  pieces(sizeBytes: number): AsyncGenerator<Uint8Array, void>
  drop(): Promise<void>
}

/** A peer that takes or gives less than 256 KB/s is given up. */
export const SLOWEST_BYTES_PER_MS = 256

const ATTEMPTS = 3
const BACKOFF_MS = 100
const MAX_ERROR_BYTES = 1 << 16
const TRANSIENT: ReadonlySet<number> = new Set([429, 502, 503, 504])

/**
 * Sends a request, again where the peer cannot be reached or is busy, at most three times. A 404 is an answer.
 * @throws content/store-unreachable, content/store-refused with the peer's own error as cause, content/aborted
 */
export async function request(peer: Peer, options: RequestOptions): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    requireRunning(options.signal)
    const outcome = await once(peer, options).catch((cause: unknown) => {
      requireRunning(options.signal)
      if (attempt === ATTEMPTS) throw unreachable(peer, cause)
      return null
    })
    if (outcome !== null) {
      if (outcome.status < 300 || outcome.status === 404) return outcome
      if (!TRANSIENT.has(outcome.status) || attempt === ATTEMPTS) throw await refused(peer, outcome)
      await outcome.drop()
    }
    await pause(BACKOFF_MS * 4 ** (attempt - 1), options.signal)
  }
}

async function once(peer: Peer, options: RequestOptions): Promise<Answer> {
  const stop = new AbortController()
  const body = await options.body?.()
  const init: RequestInit & { duplex?: 'half' } = {
    method: options.method,
    redirect: 'error',
    signal: options.signal ? AbortSignal.any([stop.signal, options.signal]) : stop.signal,
    ...(options.headers ? { headers: options.headers } : {}),
    ...(body === undefined ? {} : { body, duplex: 'half' }),
  }
  const response = await within(options.timeoutMs ?? peer.timeoutMs, stop, peer.fetch(peer.url + options.path, init))
  return {
    status: response.status,
    headers: response.headers,
    drop: async () => {
      stop.abort()
      await response.body?.cancel().catch(() => {})
    },
    async *pieces(sizeBytes) {
      const reader = response.body?.getReader()
      if (reader === undefined) return
      // Time that its reader takes between pieces is not the peer's.
      let leftMs = peer.timeoutMs + sizeBytes / SLOWEST_BYTES_PER_MS
      try {
        for (;;) {
          const askedAt = performance.now()
          const { done, value } = await within(Math.min(peer.timeoutMs, leftMs), stop, reader.read())
          if (done) return
          leftMs = Math.max(0, leftMs - (performance.now() - askedAt))
          yield value
        }
      } catch (cause) {
        requireRunning(options.signal)
        throw unreachable(peer, cause)
      } finally {
        await reader.cancel().catch(() => {})
      }
    },
  }
}

/** A whole answer of at most `maxBytes`, parsed as JSON; not canonical, so only for what is checked by other means. */
export async function readJson(answer: Answer, maxBytes: number): Promise<unknown> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const piece of answer.pieces(maxBytes)) {
    size += piece.length
    if (size > maxBytes) throw fail('short-read', { expected: maxBytes, actual: size })
    parts.push(piece)
  }
  try {
    return JSON.parse(fromUtf8(concat(...parts)))
  } catch (cause) {
    throw fail('store-refused', { cause, meta: { reason: 'its answer is not JSON' } })
  }
}

async function refused(peer: Peer, answer: Answer) {
  const error = await readJson(answer, MAX_ERROR_BYTES).catch(() => null)
  return fail('store-refused', {
    actual: answer.status,
    meta: { store: peer.id, url: peer.url },
    cause: errorFromJson(error),
  })
}

const unreachable = (peer: Peer, cause: unknown) =>
  fail('store-unreachable', { cause, meta: { store: peer.id, url: peer.url } })

async function within<T>(timeoutMs: number, stop: AbortController, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const late = new Error(`nothing came for ${timeoutMs} ms`)
    stop.abort(late)
    reject(late)
  }, timeoutMs)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
    function done(): void {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
  })
}
