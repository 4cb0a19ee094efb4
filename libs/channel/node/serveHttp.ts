import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Duplex } from 'node:stream'
import { AllodError } from '@allod/protocol'
import type { ByteDuplex } from '../ByteDuplex.ts'
import { boundedBody } from './boundedBody.ts'
import { discardRest } from './discardRest.ts'
import { nodeFail } from './errors.ts'
import { type HttpLimits, httpLimits } from './limits.ts'
import { nodeStream } from './nodeStream.ts'

/** Answers one request. `request.signal` aborts when the other side goes away. */
export type HttpHandler = (request: Request) => Response | Promise<Response>

export type HttpService = {
  /** Serves HTTP/1.1 on one connection, for as long as it lasts. */
  accept(connection: ByteDuplex | Duplex): void
  /** Drops every connection. */
  close(): void
}

/**
 * An HTTP/1.1 server without a port: connections are handed to it, from a relay or from anywhere.
 * A handler that throws an AllodError answers 400 with its JSON; anything else answers 500 channel/handler-failed and is
 * told to `onError` only.
 * @example relay(duplex, { onOpen: (name, stream) => (name === 'http' ? service.accept(stream) : stream.reset('refused')) })
 */
export function serveHttp(
  handler: HttpHandler,
  { onError, ...limits }: HttpLimits & { readonly onError?: (error: unknown) => void } = {},
): HttpService {
  const bounds = httpLimits(limits)
  const idle = new Map<Duplex, NodeJS.Timeout>()
  const awaitHead = (stream: Duplex): void => {
    clearTimeout(idle.get(stream))
    if (!stream.destroyed)
      idle.set(
        stream,
        setTimeout(() => stream.destroy(), bounds.headTimeoutMs),
      )
  }
  const server = createServer({ maxHeaderSize: bounds.maxHeaderBytes }, (incoming, outgoing) => {
    const stream: Duplex = incoming.socket
    clearTimeout(idle.get(stream))
    outgoing.once('close', () => awaitHead(stream))
    answer(handler, incoming, outgoing, bounds, onError).catch((error: unknown) => {
      onError?.(error)
      outgoing.destroy()
    })
  })
  return {
    accept(connection) {
      const stream = connection instanceof Duplex ? connection : nodeStream(connection)
      stream.on('error', (error) => onError?.(error))
      stream.once('close', () => {
        clearTimeout(idle.get(stream))
        idle.delete(stream)
      })
      awaitHead(stream)
      server.emit('connection', stream)
    },
    close() {
      for (const stream of idle.keys()) stream.destroy()
    },
  }
}

async function answer(
  handler: HttpHandler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  bounds: Required<HttpLimits>,
  onError: ((error: unknown) => void) | undefined,
): Promise<void> {
  const gone = new AbortController()
  outgoing.once('close', () => gone.abort())
  let response: Response
  try {
    response = await handler(toRequest(incoming, gone.signal, bounds))
  } catch (cause) {
    const isOurs = cause instanceof AllodError
    if (!isOurs) onError?.(cause)
    response = Response.json(isOurs ? cause : nodeFail('handler-failed'), { status: isOurs ? 400 : 500 })
  }
  // What the handler left of the request is not read as another one.
  if (!incoming.complete) outgoing.setHeader('connection', 'close')
  outgoing.writeHead(response.status, [...response.headers].flat())
  outgoing.flushHeaders()
  if (response.body !== null)
    for await (const piece of response.body) {
      if (outgoing.destroyed) return
      if (!outgoing.write(piece)) await drainOrClose(outgoing)
    }
  await discardRest(incoming)
  outgoing.end()
}

function toRequest(incoming: IncomingMessage, signal: AbortSignal, bounds: Required<HttpLimits>): Request {
  const { url = '', method = 'GET', headers } = incoming
  const host = headers.host ?? 'channel'
  if (!url.startsWith('/') || !/^[A-Za-z0-9.:_[\]-]{1,255}$/.test(host))
    throw nodeFail('bad-request', { expected: 'an absolute path and a Host', actual: url.slice(0, 80) })
  if (Number(headers['content-length'] ?? 0) > bounds.maxBodyBytes)
    throw nodeFail('body-too-large', { expected: bounds.maxBodyBytes })
  const fields: [string, string][] = []
  const { rawHeaders } = incoming
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) fields.push([rawHeaders[i] as string, rawHeaders[i + 1] as string])
  const hasBody = method !== 'GET' && method !== 'HEAD'
  try {
    return new Request(`http://${host}${url}`, {
      method,
      headers: fields,
      signal,
      ...(hasBody ? { body: boundedBody(incoming, bounds), duplex: 'half' } : {}),
    })
  } catch (cause) {
    throw nodeFail('bad-request', { cause })
  }
}

async function drainOrClose(outgoing: ServerResponse): Promise<void> {
  if (outgoing.destroyed) return
  await new Promise<void>((resolve) => {
    const stop = (): void => {
      outgoing.off('drain', stop)
      outgoing.off('close', stop)
      resolve()
    }
    outgoing.on('drain', stop)
    outgoing.on('close', stop)
  })
}
