import { join } from 'node:path'
import { committeeId, type Hex } from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import type { Call } from './http/serveJson.ts'
import { OrderFile, type OrderJob } from './orders/OrderFile.ts'
import { publicApi } from './publicApi.ts'
import { account, build, committee, fill, onChain, sampleJob, scratch } from './testing/samples.ts'

const job = sampleJob()
const [known] = job.spec.stores
const strangeStores = [...(known ? [known] : []), { address: fill(20, 94), url: 'http://169.254.169.254' }]
const fails = (name: string) => expect.objectContaining({ code: `provider/${name}` })

const call = (method: string, path: string, body: unknown = null): Call => {
  const url = new URL(path, 'http://provider')
  return { method, path: url.pathname, query: url.searchParams, body, signal: AbortSignal.timeout(10_000) }
}

function open(folder: string, { state = onChain(), hasRoom = true, maxStreams = { inAll: 9, perOrder: 9 } } = {}) {
  const accepted: Hex[] = []
  const orders = new Map<Hex, OrderFile>()
  const api = publicApi({
    account,
    build,
    stores: new Set([fill(20, 16), fill(20, 17)]),
    bounds: { memoryBytes: 1 << 20, outputBytes: 1 << 20 },
    committees: new Map([[committeeId(committee), committee]]),
    readOrder: async () => state,
    orders,
    newFile: (kept) => new OrderFile(join(folder, kept.order.slice(2)), kept),
    hasRoom: () => hasRoom,
    accept: (file) => void accepted.push(file.order),
    maxStreams,
  })
  return { api, accepted, orders, post: (body: OrderJob) => api(call('POST', '/orders', body)) }
}

describe('an order handed over', () => {
  test('is accepted once, however often and however fast it is sent', async () => {
    using folder = scratch()
    const { post, accepted } = open(folder.path)
    const answers = await Promise.all([post(job), post(job)])
    answers.push(await post(job))
    expect(answers).toEqual(Array(3).fill({ json: { order: job.order } }))
    expect(accepted).toEqual([job.order])
  })

  test.each([
    ['provider/order-unknown', 'whose terms are another order’s', { ...job, order: fill(32, 99) }],
    ['provider/not-my-offer', 'that rents another’s machine', sampleJob({ owner: fill(20, 98) })],
    ['provider/build-not-here', 'that wants another build', sampleJob({ change: { build: fill(32, 97) } })],
    ['provider/committee-unknown', 'of another committee', sampleJob({ change: { committee: fill(32, 96) } })],
    ['provider/store-not-here', 'that names an unknown store', sampleJob({ change: { stores: strangeStores } })],
    ['protocol/spec-mismatch', 'whose spec was swapped', { ...job, spec: { ...job.spec, salt: fill(32, 95) } }],
    ['protocol/bad-shape', 'with a field too many', { ...job, extra: 1 }],
  ])('gets %s where it is one %s', async (code, _, body) => {
    using folder = scratch()
    const { post, accepted } = open(folder.path)
    await expect(post(body)).rejects.toThrow(expect.objectContaining({ code }))
    expect(accepted).toEqual([])
  })

  test.each([
    ['provider/order-unknown', 'the chain knows none', { state: onChain({ state: 'none' }) }],
    ['provider/order-not-open', 'it runs already', { state: onChain({ state: 'active' }) }],
    ['provider/order-not-open', 'it is over', { state: onChain({ state: 'ended' }) }],
    ['provider/busy', 'there is no room', { hasRoom: false }],
  ])('gets %s where %s', async (code, _, place) => {
    using folder = scratch()
    const { post, orders } = open(folder.path, place)
    await expect(post(job)).rejects.toThrow(expect.objectContaining({ code }))
    expect(orders.size).toBe(0)
  })
})

describe('what an order may have of the machine', () => {
  test.each(['memoryBytes', 'outputBytes'] as const)('is bounded in %s, before anything is launched', async (limit) => {
    using folder = scratch()
    const { post, accepted, orders } = open(folder.path)
    const most = 1 << 20
    const asking = (bytes: number) => sampleJob({ change: { limits: { ...job.spec.limits, [limit]: bytes } } })
    await expect(post(asking(most + 1))).rejects.toMatchObject({
      code: 'provider/over-limit',
      hint: expect.stringContaining('lower'),
      meta: { expected: most, actual: most + 1, limit: `limits.${limit}` },
    })
    expect([accepted, orders.size]).toEqual([[], 0])
    await post(asking(most))
    expect(accepted).toHaveLength(1)
  })
})

describe('what is asked of a provider', () => {
  test('is told how it stands', async () => {
    using folder = scratch()
    expect(await open(folder.path).api(call('GET', '/status'))).toEqual({
      json: { account, build, orders: 0, hasRoom: true },
    })
  })

  test.each([
    ['GET', '/nothing'],
    ['DELETE', '/orders'],
    ['GET', `/orders/${fill(32, 1)}/events`],
    ['GET', '/orders/0x00/events'],
    ['POST', `/orders/${job.order}/events`],
    ['GET', `/orders/${job.order}/report`],
  ])('is provider/not-found where there is nothing: %s %s', async (method, path) => {
    using folder = scratch()
    const { api, post } = open(folder.path)
    await post(job)
    await expect(api(call(method, path))).rejects.toThrow(fails('not-found'))
  })

  test.each([
    ['', [0, 1, 2]],
    ['&after=0', [1, 2]],
    ['&after=2', []],
    ['&after=-9', [0, 1, 2]],
    ['&after=x', [0, 1, 2]],
    ['&after=Infinity', [0, 1, 2]],
  ])('gives events%s after the one named', async (query, expected) => {
    using folder = scratch()
    const { api, post, orders } = open(folder.path)
    await post(job)
    for (const phase of ['launched', 'voted', 'started'] as const)
      orders.get(job.order)?.append(1, { phase, detail: null, sealed: null })
    const answer = await api(call('GET', `/orders/${job.order}/events?wait=0${query}`))
    const seen: unknown[] = []
    if ('lines' in answer) for await (const line of answer.lines) seen.push((line as { seq: number }).seq)
    expect(seen).toEqual(expected)
  })

  test('gives so many streams of an order, and the first opened gives way', async () => {
    using folder = scratch()
    const { api, post, orders } = open(folder.path, { maxStreams: { inAll: 9, perOrder: 1 } })
    await post(job)
    orders.get(job.order)?.append(1, { phase: 'launched', detail: null, sealed: null })
    const stream = async () => {
      const answer = await api(call('GET', `/orders/${job.order}/events`))
      if (!('lines' in answer)) throw new Error('no stream')
      return answer.lines[Symbol.asyncIterator]()
    }
    const [first, second] = [await stream(), await stream()]
    expect(await first.next()).toMatchObject({ value: { seq: 0 } })
    const last = first.next()
    expect(await second.next()).toMatchObject({ value: { seq: 0 } })
    expect(await last).toMatchObject({ done: true })
  })
})
