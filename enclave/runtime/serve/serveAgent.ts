import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { openRequest, SEALED_RESPONSE_TYPE } from '@allod/channel'
import { isHex, type Json } from '@allod/protocol'
import { startEngine, writeJobFile } from '../engine/runEngine.ts'
import type { RunningEngine } from '../engineSandbox/launchEngine.ts'
import { fail } from '../errors.ts'
import { nowSeconds } from '../nowSeconds.ts'
import type { OpenOrder } from '../OpenOrder.ts'
import { sendBeat } from '../sendBeat.ts'
import { answerChat } from './answerChat.ts'
import { inbound } from './inbound.ts'
import { Quotas } from './Quotas.ts'
import { ServiceKeys } from './ServiceKeys.ts'

const ENGINE_READY_MS = 120_000

/**
 * Serves an agent until its term is over, its lease is lost or its engine ends. Requests come sealed; nothing of them is
 * written anywhere.
 * @throws runtime/engine-failed
 */
export async function serveAgent(order: OpenOrder): Promise<void> {
  const { job, places, terms, events, lease, onLease, grant, host } = order
  if (job.spec.serve === null) throw fail('job-inconsistent', { meta: { part: 'serve' } })
  writeJobFile(places, job, servingParameters(order))
  const engine = await startEngine(job, places)
  onLease.follow = (state) => {
    if (state === 'lost') engine.kill()
    else if (state === 'paused') engine.pause()
    else engine.resume()
  }
  const socketPath = join(places.run, 'engine.sock')
  await waitForSocket(socketPath, engine)
  const keys = new ServiceKeys(order)
  const quotas = new Quotas({
    requestsPerMinute: job.spec.serve.requestsPerMinute,
    tokensPerDay: terms.serving.tokensPerClientPerDay,
    bytesPerDay: terms.serving.bytesPerClientPerDay,
  })
  inbound.handle = (request) => handle(order, keys, quotas, socketPath, request)
  // Fees of a serve order vest with its first attested time.
  const first = await lease.renew()
  await sendBeat(host, first.alive, first.signatures)
  events.phase('serving')
  const leftMs = Math.max(0, (grant.facts.startedAt + grant.facts.seconds - nowSeconds()) * 1000)
  const over = new AbortController()
  const exit = await Promise.race([
    engine.exit,
    delay(leftMs, 'term' as const, { signal: over.signal }).catch(() => 'term' as const),
  ])
  over.abort()
  keys.erase()
  engine.kill()
  await lease.stop()
  if (exit !== 'term') throw fail('engine-failed', { actual: exit.reason, meta: { exitCode: exit.code } })
  const last = await lease.renew()
  await sendBeat(host, last.alive, last.signatures)
}

function servingParameters({ job, terms }: OpenOrder): Readonly<Record<string, Json>> {
  const { parameters } = job.spec.engine
  const { logprobs, embeddings } = terms.serving
  return {
    ...parameters,
    logprobs: logprobs && parameters.logprobs !== false,
    embeddings: embeddings && parameters.embeddings === true,
  }
}

async function waitForSocket(path: string, engine: RunningEngine): Promise<void> {
  const until = performance.now() + ENGINE_READY_MS
  const ended = engine.exit.then((exit) => exit)
  while (!existsSync(path)) {
    const exit = await Promise.race([ended, delay(50, null)])
    if (exit !== null) throw fail('engine-failed', { actual: exit.reason, meta: { exitCode: exit.code } })
    if (performance.now() > until) throw fail('engine-failed', { actual: 'not ready in time' })
  }
}

async function handle(
  order: OpenOrder,
  keys: ServiceKeys,
  quotas: Quotas,
  socketPath: string,
  request: Request,
): Promise<Response> {
  const url = new URL(request.url)
  if (request.method === 'GET' && url.pathname === '/evidence') {
    const nonce = url.searchParams.get('nonce')
    if (!isHex(nonce, 32)) throw fail('body-refused', { expected: 'nonce=0x… of 32 bytes' })
    return Response.json(await keys.evidence(nonce))
  }
  if (request.method !== 'POST' || url.pathname !== '/sealed' || request.body === null)
    throw fail('path-refused', { actual: `${request.method} ${url.pathname}`.slice(0, 80) })
  const sealed = await openRequest(await keys.live(), request.body as AsyncIterable<Uint8Array>)
  const { method, path, headers } = sealed.head
  const authorization = headers.find(([name]) => name === 'authorization')?.[1] ?? null
  const answer = await answerChat(
    order,
    socketPath,
    quotas,
    { method, path, authorization, body: sealed.body },
    request.signal,
  )
  const response = sealed.sealResponse(
    { status: answer.status, headers: [['content-type', answer.contentType]] },
    answer.body,
  )
  const body = Readable.toWeb(Readable.from(response)) as ReadableStream<Uint8Array>
  return new Response(body, { headers: { 'content-type': SEALED_RESPONSE_TYPE } })
}
