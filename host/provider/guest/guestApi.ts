import {
  allodDomain,
  beatRequestShape,
  checkpointRefShape,
  collateralRequestShape,
  failRequestShape,
  fromBase64Url,
  guestEventsShape,
  type Hex,
  type JobDocument,
  type Json,
  launchRequestShape,
  launchType,
  reportRequestShape,
  type SigningKey,
  signDigest,
  startRequestShape,
  toBase64Url,
  typedDigest,
} from '@allod/protocol'
import type { ChainPort } from '../ChainPort.ts'
import type { Collateral } from '../collateral.ts'
import { fail } from '../errors.ts'
import type { Answer, Call } from '../http/serveJson.ts'
import type { Courier } from '../orders/courier.ts'
import type { OrderFile } from '../orders/OrderFile.ts'

/**
 * What the host does for its guest: hands it the job, signs that it was launched, carries its words to the chain. The guest
 * is measured code, but what it says is checked by the chain, not here.
 */
export function guestApi(
  file: OrderFile,
  job: JobDocument,
  {
    chain,
    courier,
    collateral,
    key,
    isRebind,
  }: {
    readonly chain: ChainPort
    readonly courier: Courier
    readonly collateral: Collateral
    readonly key: SigningKey
    readonly isRebind: boolean
  },
): (call: Call) => Promise<Answer> {
  const { terms, generation, order } = job
  let enclave: Hex | null = null
  const handlers: Record<string, (body: unknown) => Promise<Json>> = {
    '/launch': async (body) => {
      // One enclave per generation: a second address from the same guest would be another enclave.
      const { enclave: asked } = launchRequestShape(body)
      if (enclave !== null && enclave !== asked) throw fail('guest-request', { expected: enclave, actual: asked })
      enclave = asked
      const message = { order, generation, enclave }
      const domain = allodDomain(BigInt(terms.chainId), terms.market)
      return { message, signature: signDigest(key, typedDigest(domain, launchType, message)) }
    },
    '/start': async (body) => {
      const request = startRequestShape(body)
      await (isRebind ? chain.rebind(terms, request) : chain.start(terms, request))
      return {}
    },
    // What is kept is taken over: the courier goes again until the chain has it, so the guest need not ask twice.
    '/beat': async (body) => {
      file.saveBeat(beatRequestShape(body))
      await courier.carry().catch(() => undefined)
      return {}
    },
    '/report': async (body) => {
      file.saveReport(reportRequestShape(body))
      await courier.carry().catch(() => undefined)
      return {}
    },
    '/collateral': async (body) => {
      const { kind, evidence, endorsements } = collateralRequestShape(body)
      const brought = await collateral(kind, fromBase64Url(evidence), endorsements.map(fromBase64Url))
      return { endorsements: brought.map(toBase64Url) }
    },
    '/checkpoint': async (body) => {
      file.saveCheckpoint(checkpointRefShape(body))
      return {}
    },
    '/fail': async (body) => {
      const request = failRequestShape(body)
      file.saveFailure(request)
      file.append(generation, { phase: 'failed', detail: request.code, sealed: null })
      await courier.carry().catch(() => undefined)
      return {}
    },
    '/events': async (body) => {
      for (const event of guestEventsShape(body)) file.append(generation, event)
      return {}
    },
  }
  return async ({ method, path, body }) => {
    if (method === 'GET' && path === '/job') return { json: job }
    if (method === 'GET' && path === '/checkpoint') return { json: file.checkpoint() }
    const handler = method === 'POST' && Object.hasOwn(handlers, path) ? handlers[path] : undefined
    if (handler === undefined) throw fail('not-found', { actual: `${method} ${path}` })
    return { json: await handler(body) }
  }
}
