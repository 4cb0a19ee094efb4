import { hpkeOpen } from '@allod/content'
import {
  AllodError,
  allodDomain,
  anyJson,
  type FailRequest,
  failedType,
  failRequestShape,
  fromUtf8,
  type GuestEvent,
  guestEventsShape,
  logInfo,
  recoverSigner,
  sha256,
  toHex,
  typedDigest,
  utf8,
} from '@allod/protocol'
import { expect, test } from 'vitest'
import { Events } from '../Events.ts'
import { fail } from '../errors.ts'
import { ask } from '../HostLink.ts'
import { blaming } from '../inputs/InputFault.ts'
import { newOrder } from '../testing/newOrder.ts'
import { playKeepers, refusal } from '../testing/playKeepers.ts'
import { reportFailure } from './reportFailure.ts'

const order = await newOrder()

async function report(error: unknown) {
  const { host, told } = playKeepers(order)
  const events = new Events(host, order.job)
  await reportFailure(host, order.job, order.keys.signing, events, error)
  await events.flush()
  const of = (path: string) => told.filter((t) => t.path === path).map((t) => t.body)
  return {
    phases: of('/events').flatMap((e) => guestEventsShape(e)),
    failed: of('/fail').map((f) => failRequestShape(f)),
  }
}

test.each<AllodError>([fail('output-refused'), fail('engine-failed', { actual: 'memory', meta: { exitCode: 137 } })])(
  'signs a failure of the job for the chain: $code',
  async (error) => {
    const { failed } = await report(error)
    expect(failed).toHaveLength(1)
    const { failed: message, signature, code } = failed[0] as FailRequest
    const { order: id, generation } = order.job
    expect(message).toEqual({ order: id, generation, reason: toHex(sha256(utf8(error.code))), input: 255 })
    const digest = typedDigest(allodDomain(31337n, order.job.terms.market), failedType, message)
    expect([recoverSigner(digest, signature), code]).toEqual([order.keys.signing.address, error.code])
  },
)

test('signs nothing because the host says so', async () => {
  const { host } = playKeepers(order, [], () => {
    throw refusal('runtime/engine-failed')
  })
  const told = await ask(host, 'provider', '/start', {}, anyJson(8)).catch((error: unknown) => error)
  expect(told).toMatchObject({ code: 'runtime/engine-failed' })
  expect((await report(told)).failed).toEqual([])
})

test('blames the offer of an input that does not open', async () => {
  const use = () => Promise.reject(new AllodError('content/bad-archive', 'not an archive', ''))
  const fault = await blaming(order.job.terms, order.objectId, use).catch((error: unknown) => error)
  expect((await report(fault)).failed[0]?.failed.input).toBe(1)
})

test('says why an engine ended, and its code', async () => {
  const { phases } = await report(fail('engine-failed', { actual: 'memory', meta: { exitCode: 137 } }))
  expect(phases).toEqual([{ phase: 'failed', detail: 'runtime/engine-failed: memory, exit code 137', sealed: null }])
})

test('leaves to another machine what is not the job’s fault, and says nothing but the code', async () => {
  const { phases, failed } = await report(fail('lease-lost', { meta: { refusals: ['a secret'] } }))
  expect([phases[0]?.detail, failed]).toEqual(['runtime/lease-lost', []])
  expect((await report(new Error('a secret'))).phases[0]?.detail).toBe('runtime/internal')
})

test('asks again where the host does not take a failure, and says so where it never does', async () => {
  let asked = 0
  let takesAt = 3
  const { host } = playKeepers(order, [], (path) => {
    if (path === '/fail' && ++asked < takesAt) throw refusal('provider/internal')
  })
  const send = () =>
    reportFailure(host, order.job, order.keys.signing, new Events(host, order.job), fail('output-refused'))
  await send()
  expect(asked).toBe(3)
  takesAt = Number.POSITIVE_INFINITY
  await expect(send()).rejects.toMatchObject({
    code: 'runtime/failure-not-kept',
    meta: { actual: 'runtime/output-refused' },
    cause: { code: 'provider/internal' },
  })
})

test('seals figures to the buyer, each batch under its own number', async () => {
  const { host, told } = playKeepers(order)
  const events = new Events(host, order.job)
  for (const step of [1, 2]) await events.figures([{ event: 'checkpoint', step }])
  await events.flush()
  const sealed = told.flatMap((t) => guestEventsShape(t.body) as GuestEvent[])
  for (const [seq, event] of sealed.entries()) {
    if (event.sealed === null) throw new Error('not sealed')
    const info = logInfo({ order: order.job.order, generation: 1, seq })
    const opened = await hpkeOpen(order.logs.secret, info, new Uint8Array(), event.sealed)
    expect(JSON.parse(fromUtf8(opened.expose()))).toEqual([{ event: 'checkpoint', step: seq + 1 }])
  }
  expect(sealed).toHaveLength(2)
})
