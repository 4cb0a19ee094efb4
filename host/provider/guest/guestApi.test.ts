import { join } from 'node:path'
import {
  allodDomain,
  type JobDocument,
  launchReplyShape,
  launchType,
  recoverSigner,
  typedDigest,
} from '@allod/protocol'
import { expect, test } from 'vitest'
import type { ChainPort } from '../ChainPort.ts'
import type { Collateral } from '../collateral.ts'
import type { Answer, Call } from '../http/serveJson.ts'
import { newCourier } from '../orders/courier.ts'
import { OrderFile } from '../orders/OrderFile.ts'
import { fill, onChain, providerKey, recordingChain, sampleJob, sampleStart, scratch } from '../testing/samples.ts'
import { guestApi } from './guestApi.ts'

function open(folder: string, generation = 1, on: Partial<ChainPort> = {}) {
  const job: JobDocument = { ...sampleJob(), generation }
  const file = new OrderFile(join(folder, 'one'), job)
  const { chain, writes } = recordingChain(on)
  const courier = newCourier(file, { chain, readOrder: async () => onChain({ state: 'active', generation }) })
  const collateral: Collateral = async (kind, evidence, own) => [...own, evidence, new TextEncoder().encode(kind)]
  const api = guestApi(file, job, { chain, courier, collateral, key: providerKey, isRebind: generation > 1 })
  const call = (method: string, path: string, body: unknown = null): Promise<Answer> =>
    api({ method, path, query: new URLSearchParams(), body, signal: new AbortController().signal } satisfies Call)
  return { job, file, writes, call, post: (path: string, body: unknown) => call('POST', path, body) }
}
const { order } = sampleJob()
const signatures = [{ signer: fill(20, 1), signature: fill(65, 2) }]

test('a guest is handed its job', async () => {
  using folder = scratch()
  const { job, call } = open(folder.path)
  expect(await call('GET', '/job')).toEqual({ json: job })
})

test('a launch is signed with the provider’s key', async () => {
  using folder = scratch()
  const { job, post } = open(folder.path, 3)
  const answer = await post('/launch', { enclave: fill(20, 9) })
  const { message, signature } = launchReplyShape('json' in answer ? answer.json : null)
  expect(message).toEqual({ order: job.order, generation: 3, enclave: fill(20, 9) })
  const domain = allodDomain(BigInt(job.terms.chainId), job.terms.market)
  expect(recoverSigner(typedDigest(domain, launchType, message), signature)).toBe(providerKey.address)
})

test('a second enclave in one generation is provider/guest-request', async () => {
  using folder = scratch()
  const { post } = open(folder.path)
  const first = await post('/launch', { enclave: fill(20, 9) })
  expect(await post('/launch', { enclave: fill(20, 9) })).toEqual(first)
  await expect(post('/launch', { enclave: fill(20, 8) })).rejects.toThrow(
    expect.objectContaining({ code: 'provider/guest-request', meta: { expected: fill(20, 9), actual: fill(20, 8) } }),
  )
})

test.each([
  [1, 'start'],
  [2, 'rebind'],
])('the votes of generation %d go on chain as %s', async (generation, write) => {
  using folder = scratch()
  const { post, writes } = open(folder.path, generation)
  await post('/start', sampleStart(generation))
  await post('/beat', { alive: { order, generation, from: 1, upTo: 2 }, signatures })
  expect(writes).toEqual([write, 'beat'])
})

test('why a guest failed is told to the buyer and to the chain', async () => {
  using folder = scratch()
  const { post, writes, file } = open(folder.path)
  const failed = { order, generation: 1, reason: fill(32, 1), input: 255 }
  await post('/fail', { failed, signature: fill(65, 2), code: 'runtime/engine-failed' })
  expect(writes).toEqual(['fail'])
  const [event] = await Array.fromAsync(file.eventsFrom(0, { waits: false, signal: new AbortController().signal }))
  expect(event?.event).toEqual({ phase: 'failed', detail: 'runtime/engine-failed', sealed: null })
})

test('a failure is taken over before the chain has it', async () => {
  using folder = scratch()
  const { post, file } = open(folder.path, 1, { fail: () => Promise.reject(new Error('the chain is away')) })
  const request = {
    failed: { order, generation: 1, reason: fill(32, 1), input: 255 },
    signature: fill(65, 2),
    code: 'runtime/engine-failed',
  }
  expect(await post('/fail', request)).toEqual({ json: {} })
  expect(file.failure()).toEqual(request)
})

test.each([
  ['GET', '/launch'],
  ['POST', '/job'],
  ['POST', '/toString'],
  ['POST', '/__proto__'],
])('%s %s is provider/not-found', async (method, path) => {
  using folder = scratch()
  await expect(open(folder.path).call(method, path, {})).rejects.toThrow(
    expect.objectContaining({ code: 'provider/not-found' }),
  )
})

test('a malformed word of the guest reaches neither file nor chain', async () => {
  using folder = scratch()
  const { post, writes, file } = open(folder.path)
  for (const path of ['/launch', '/start', '/beat', '/report', '/fail', '/events'])
    await expect(post(path, { surprise: 1 })).rejects.toThrow(expect.objectContaining({ code: 'protocol/bad-shape' }))
  expect(writes).toEqual([])
  expect(file.report()).toBeNull()
})

test('where a checkpoint lies is kept for the next generation, across lives of the provider', async () => {
  using folder = scratch()
  const first = open(folder.path)
  expect(await first.call('GET', '/checkpoint')).toEqual({ json: null })
  const ref = { digest: fill(32, 8), sizeBytes: 65_564 }
  await first.post('/checkpoint', ref)
  expect(await open(folder.path, 2).call('GET', '/checkpoint')).toEqual({ json: ref })
  await expect(first.post('/checkpoint', { ...ref, sizeBytes: 0 })).rejects.toMatchObject({
    code: 'protocol/bad-shape',
  })
})

test('collateral is asked for evidence and what came with it, and handed over as it was brought', async () => {
  using folder = scratch()
  const { post } = open(folder.path)
  const answer = await post('/collateral', { kind: 'sevsnp', evidence: 'AQI', endorsements: ['Aw'] })
  expect(answer).toEqual({ json: { endorsements: ['Aw', 'AQI', 'c2V2c25w'] } })
  await expect(post('/collateral', { kind: 'simulated', evidence: '', endorsements: [] })).rejects.toMatchObject({
    code: 'protocol/bad-shape',
  })
})
