import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { openRequest, SEALED_RESPONSE_TYPE } from '@allod/channel'
import { isHex, type Json } from '@allod/protocol'
import { startEngine, writeJobFile } from '../engine/runEngine.ts'
import type { RunningEngine } from '../engineSandbox/launchEngine.ts'
import { fail } from '../errors.ts'
import { followLease, underLease } from '../lease/followLease.ts'
import { untilOver } from '../lease/untilOver.ts'
import type { OpenOrder } from '../OpenOrder.ts'
import { answerChat } from './answerChat.ts'
import { Quotas } from './Quotas.ts'
import { ServiceKeys } from './ServiceKeys.ts'

const ENGINE_READY_MS = 120_000

/**
 * Serves an agent until its order is over, its lease is lost or its engine ends. Requests come sealed; nothing of them is
 * written anywhere.
 * @throws runtime/engine-failed, runtime/lease-lost
 */
export async function serveAgent(order: OpenOrder): Promise<void> {
  const { job, places, events, lease, inbound } = order
  if (job.spec.serve === null) throw fail('job-inconsistent', { meta: { part: 'serve' } })
  writeJobFile(places, job, servingParameters(order))
  const engine = await startEngine(job, places)
  followLease(order, engine)
  const keys = new ServiceKeys(order)
  try {
    await underLease(order, async () => {
      await answerClients(order, engine, keys)
      // Fees of a serve order vest with its first attested time; where it does not get through, the next beat covers it.
      await lease.beat().catch(() => undefined)
      events.phase('serving')
      await untilOverOrEnded(order, engine)
    })
  } finally {
    inbound.serve(null)
    keys.erase()
    engine.kill()
  }
  await lease.close()
}

async function answerClients(order: OpenOrder, engine: RunningEngine, keys: ServiceKeys): Promise<void> {
  const { job, places, terms, inbound } = order
  const socketPath = join(places.run, 'engine.sock')
  await waitForSocket(socketPath, engine)
  const quotas = new Quotas({
    requestsPerMinute: job.spec.serve?.requestsPerMinute ?? 0,
    tokensPerDay: terms.serving.tokensPerClientPerDay,
    bytesPerDay: terms.serving.bytesPerClientPerDay,
  })
  inbound.serve((request) => handle(order, keys, quotas, socketPath, request))
}

async function untilOverOrEnded(order: OpenOrder, engine: RunningEngine): Promise<void> {
  const done = new AbortController()
  try {
    const exit = await Promise.race([engine.exit, untilOver(order, done.signal).then(() => null)])
    if (exit !== null) throw fail('engine-failed', { actual: exit.reason, meta: { exitCode: exit.code } })
  } finally {
    done.abort()
  }
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
