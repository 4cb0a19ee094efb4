import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { AllodError } from '@allod/protocol'
import type { ByteDuplex } from '../ByteDuplex.ts'
import { boundedBody } from './boundedBody.ts'
import { nodeFail } from './errors.ts'
import { type HttpLimits, httpLimits } from './limits.ts'
import { nodeStream } from './nodeStream.ts'

/** What `fetchOver` needs of a relay. */
export type Opener = { open(name: string): Promise<ByteDuplex> }

const BODILESS = new Set([204, 205, 304])

/**
 * A `fetch` whose every request goes to one named destination of a relay, over HTTP/1.1, a stream each. The URL, or a
 * path alone, gives path, query and Host header; it does not choose the destination. Redirects are handed back, never followed.
 * @throws channel/http-failed, channel/http-timeout, channel/head-too-large, channel/body-too-large, and what `open` throws
 * @example const response = await fetchOver(relay, 'store:0')('/objects/…')
 */
export function fetchOver(relay: Opener, name: string, limits: HttpLimits = {}): typeof fetch {
  const bounds = httpLimits(limits)
  return async (input, init) => {
    const request = new Request(
      typeof input === 'string' && input.startsWith('/') ? `http://channel${input}` : input,
      init,
    )
    const stream = nodeStream(await relay.open(name))
    const url = new URL(request.url)
    // No `agent`, not even false: with one, Node ignores createConnection and dials the host by itself.
    const outgoing = httpRequest({
      createConnection: () => stream,
      method: request.method,
      path: url.pathname + url.search,
      headers: { host: url.host, ...Object.fromEntries(request.headers) },
      maxHeaderSize: bounds.maxHeaderBytes,
      signal: request.signal,
    })
    try {
      const [incoming] = await Promise.all([
        receiveHead(outgoing, bounds.headTimeoutMs),
        sendBody(outgoing, bytesOf(init?.body) ?? request.body),
      ])
      return toResponse(incoming, request.method, bounds)
    } catch (cause) {
      outgoing.destroy()
      stream.destroy()
      if (request.signal.aborted) throw request.signal.reason
      throw describe(cause, bounds)
    }
  }
}

function toResponse(incoming: IncomingMessage, method: string, bounds: Required<HttpLimits>): Response {
  const status = incoming.statusCode ?? 0
  const headers = new Headers()
  for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2)
    headers.append(incoming.rawHeaders[i] as string, incoming.rawHeaders[i + 1] as string)
  if (Number(headers.get('content-length') ?? 0) > bounds.maxBodyBytes)
    throw nodeFail('body-too-large', { expected: bounds.maxBodyBytes })
  if (method !== 'HEAD' && !BODILESS.has(status))
    return new Response(
      boundedBody(incoming, bounds, () => incoming.destroy()),
      { status, headers },
    )
  incoming.resume()
  return new Response(null, { status, headers })
}

function receiveHead(outgoing: ClientRequest, headTimeoutMs: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(nodeFail('http-timeout', { expected: headTimeoutMs })), headTimeoutMs)
    outgoing.once('response', (incoming) => {
      clearTimeout(timer)
      resolve(incoming)
    })
    outgoing.on('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    outgoing.once('upgrade', () => reject(nodeFail('http-failed', { actual: 'upgrade' })))
  })
}

/** The bytes of a body whose length is known, so that it goes out with a Content-Length. */
function bytesOf(body: unknown): Uint8Array | string | null {
  return typeof body === 'string' || body instanceof Uint8Array ? body : null
}

async function sendBody(
  outgoing: ClientRequest,
  body: Uint8Array | string | ReadableStream<Uint8Array> | null,
): Promise<void> {
  if (body === null || typeof body === 'string' || body instanceof Uint8Array) {
    outgoing.end(body ?? undefined)
    return
  }
  for await (const piece of body)
    if (!outgoing.write(piece)) {
      // An answer may come, and the connection go, before the body is out; the answer decides then.
      const goesOn = await new Promise<boolean>((resolve) => {
        outgoing.once('drain', () => resolve(true))
        outgoing.once('close', () => resolve(false))
      })
      if (!goesOn) return
    }
  outgoing.end()
}

function describe(cause: unknown, bounds: Required<HttpLimits>): AllodError {
  if (cause instanceof AllodError) return cause
  const isOverflow = cause instanceof Error && 'code' in cause && cause.code === 'HPE_HEADER_OVERFLOW'
  return isOverflow
    ? nodeFail('head-too-large', { expected: bounds.maxHeaderBytes, cause })
    : nodeFail('http-failed', { cause })
}
