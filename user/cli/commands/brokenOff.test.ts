import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { AllodError, type Hex, type Json, orderId } from '@allod/protocol'
import { connect, endOrder, fund, getOffer, type OrderRecord, placeOrder, quote } from '@allod/sdk'
import { openAgentBook, openOrderBook, writeJson } from '@allod/sdk/node'
import { playEnclave } from '@allod/sdk/testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { signedOf } from '../flows/chooseOffer.ts'
import { goesOn } from '../flows/goesOn.ts'
import { startNetworkFolder } from '../testing/networkFolder.ts'
import { runCli } from '../testing/runCli.ts'

/* Commands that have paid and are stopped: each says how to go on, and going on pays nothing more. */
const network = await startNetworkFolder()
const { local, played, inFolder } = network
afterAll(network.stop)
const weights = join(import.meta.dirname, '../../../enclave/engines/finetune/base-model/weights')

beforeAll(async () => {
  for (const job of ['finetune', 'serve']) {
    mkdirSync(inFolder(job))
    writeFileSync(inFolder(job, `${job}.mjs`), 'export {}')
    await json('author', ['publish', inFolder(job), '--job', job, '--per-order', '0.1', '--yes'])
  }
  await json('owner', [
    'publish',
    weights,
    '--name',
    'base',
    '--engines',
    'finetune,serve',
    '--per-order',
    '0.25',
    '--yes',
  ])
  await json('provider', ['publish', '--kind', 'compute', '--per-hour', '1.08', '--yes'])
})

const NOBODY = 'http://127.0.0.1:9'
const finetune = (): readonly string[] => ['finetune', '--model', 'base', '--data', inFolder('rows.jsonl'), '--yes']
const book = () => openOrderBook(inFolder('orders'))
const agents = () => openAgentBook(inFolder('agents'))

const run = (as: string, argv: readonly string[], signal = new AbortController().signal) =>
  runCli([...argv, '--as', as], {
    env: { ALLOD_HOME: inFolder('home'), ALLOD_NETWORK: inFolder('network.json') },
    signal,
  })

async function json(as: string, argv: readonly string[], signal?: AbortSignal) {
  const { code, stdout } = await run(as, [...argv, '--json'], signal)
  return { code, value: JSON.parse(stdout.trim().split('\n').at(-1) ?? 'null') }
}

/** Stops a command once the provider has its job; gives what it said and the order. */
async function stopped(argv: readonly string[]) {
  const stop = new AbortController()
  const known = new Set((await book().list()).map((r) => r.order))
  const ended = json('buyer', argv, stop.signal)
  const order = await vi.waitFor(() => {
    const fresh = [...played.jobs.keys()].find((o) => !known.has(o))
    if (fresh === undefined) throw new Error('no order yet')
    return fresh
  }, 30_000)
  stop.abort()
  return { ...(await ended), order }
}

/** An order that serves the base model, placed as a `deploy` that was broken off has placed it. */
async function serving(): Promise<OrderRecord> {
  const allod = connect(local.network)
  const buyer = local.wallet('buyer')
  const [base, engine, compute] = await Promise.all(
    ['base', 'serve', 'machine'].map(async (name) => signedOf(await getOffer(allod, name))),
  )
  if (!base || !engine || !compute) throw new Error('three offers')
  const inputs = { base: { kind: 'offer', offer: base } } as const
  const price = await quote(allod, { kind: 'serve', buyer: buyer.key.address, compute, engine, inputs, seconds: 900 })
  return placeOrder(allod, buyer, price, { book: book() })
}

/** An endpoint that passes everything on, and loses what comes back of a transaction sent through it. */
async function deafEndpoint(upstream: string, onSent: () => void) {
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const answer = await fetch(upstream, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    const said = await answer.text()
    if (body.includes('eth_sendRawTransaction')) {
      onSent()
      response.destroy()
    } else response.setHeader('content-type', 'application/json').end(said)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop }
}

const ordersKept = async () => (await book().list()).length

test('a command stopped while it watches what it paid for says how to go on, not to run it again', async () => {
  const { code, value, order } = await stopped(finetune())
  const back = `npx allod order watch ${order.slice(0, 12)}`
  expect(code).toBe(130)
  expect(value.error).toMatchObject({ code: 'cli/interrupted', meta: { order }, hint: expect.stringContaining(back) })
  expect(value.error.hint).not.toContain('run the command again')
  // Nothing was paid by one that was stopped before.
  const early = await json('buyer', finetune(), AbortSignal.abort())
  expect(early.value.error).toMatchObject({ code: 'cli/interrupted', meta: {} })
  expect(early.value.error.hint).toContain('run the command again')
  expect((await book().list()).map((r) => r.order)).toEqual([order])
})

test('a job that is ordered again says which order on the same offers is under way, and nothing of one that is over', async () => {
  const [{ order }] = (await book().list()) as [OrderRecord]
  const short = order.slice(0, 12)
  const priced = async () => (await run('buyer', [...finetune(), '--dry-run'])).stderr
  expect(await priced()).toMatch(new RegExp(`order ${short} on the same offers, .* \`npx allod order watch ${short}\``))
  const other = await stopped(finetune())
  await json('buyer', ['order', 'cancel', other.order, '--yes'])
  const said = await priced()
  expect([said.includes(short), said.includes(other.order.slice(0, 12))]).toEqual([true, false])
  // A record that cannot be read keeps nobody from ordering.
  const broken = inFolder('orders', `0x${'0b'.repeat(32)}.json`)
  writeFileSync(broken, '{}')
  const dry = await run('buyer', [...finetune(), '--dry-run'])
  rmSync(broken)
  expect(dry).toMatchObject({ code: 0, stderr: expect.stringContaining('could not be read: protocol/bad-shape') })
})

test('one whose provider cannot be told of the order it has paid for says the same', async () => {
  const described = { ...local.network, wallets: 'wallets', provider: { ...local.network.provider, url: NOBODY } }
  await writeJson(inFolder('lonely.json'), described as Json)
  const known = (await book().list()).map((r) => r.order)
  const { code, value } = await json('buyer', [...finetune(), '--network', inFolder('lonely.json')])
  // The last one may have been placed in the same second as the one before it.
  const [{ order }] = (await book().list()).filter((r) => !known.includes(r.order)) as [OrderRecord]
  const back = expect.stringContaining(`npx allod order watch ${order.slice(0, 12)}`)
  expect([code, value.error]).toEqual([
    3,
    expect.objectContaining({ code: 'sdk/unreachable', hint: back, meta: expect.objectContaining({ order }) }),
  ])
})

test('one that sent its order and never heard of it says that it may be placed, and how to see', async () => {
  // With the data sealed and the money in the market already, the first transaction is the order.
  const sealed = (await json('buyer', ['object', 'seal', inFolder('rows.jsonl'), '--name', 'known'])).value
  await fund(connect(local.network), local.wallet('buyer'), 100_000_000n)
  const argv = ['finetune', '--model', 'base', '--data', sealed.manifestHash, '--yes']
  const stop = new AbortController()
  for (const [onSent, code, error] of [
    [() => undefined, 3, expect.stringMatching(/^chain\//)],
    // Stopped at that moment, it is not a command to run again.
    [() => stop.abort(), 130, 'cli/interrupted'],
  ] as const) {
    const deaf = await deafEndpoint(local.network.rpcUrls[0] ?? '', onSent)
    await writeJson(inFolder('deaf.json'), { ...local.network, wallets: 'wallets', rpcUrls: [deaf.url] } as Json)
    const known = (await book().list()).map((r) => r.order)
    const said = await json('buyer', [...argv, '--network', inFolder('deaf.json')], stop.signal)
    await deaf.stop()
    const order = (await book().list()).map((r) => r.order).find((o) => !known.includes(o)) ?? ''
    const hint = expect.stringContaining(`npx allod order get ${order.slice(0, 12)}`)
    expect([said.code, said.value]).toEqual([
      code,
      { error: expect.objectContaining({ code: error, hint, meta: { order } }) },
    ])
    expect((await json('buyer', ['order', 'get', order])).value).toMatchObject({ chain: { state: 'open' } })
  }
})

test('one that waited too long, or lost the chain meanwhile, says the same and keeps its code', () => {
  const { signal } = new AbortController()
  const order: Hex = `0x${'12'.repeat(32)}`
  const [slow, lost] = ['sdk/follow-timeout', 'chain/rpc-failed'].map((code) =>
    goesOn(new AllodError(code, 'said', 'do this'), { order, signal }),
  )
  const back = expect.stringMatching(/^order 0x1212121212 is placed .*`npx allod order watch 0x1212121212`$/)
  expect(slow).toMatchObject({ code: 'sdk/follow-timeout', hint: back, meta: { order } })
  expect(lost).toMatchObject({ code: 'chain/rpc-failed', hint: expect.stringMatching(/^do this; order .* is placed/) })
  const other = new Error('another')
  expect(goesOn(other, { order, signal })).toBe(other)
})

test('a deploy that was broken off goes on with the order it placed, and pays once', async () => {
  const tuned = await book().get('last')
  const served = await serving()
  await agents().begin('helper', { tuned: tuned.order, order: served.order })
  const [before, deploy] = [await ordersKept(), ['deploy', tuned.order, '--name', 'helper', '--yes']]
  expect((await json('buyer', [...deploy, '--dry-run'])).value).toMatchObject({ order: served.order, totalUnits: '0' })
  const { code, value } = await json('buyer', deploy, AbortSignal.abort())
  expect(code).toBe(130)
  const back = `npx allod deploy ${served.order.slice(0, 12)} --name helper`
  expect(value.error).toMatchObject({ code: 'cli/interrupted', hint: expect.stringContaining(back) })

  await playEnclave(connect(local.network), local.wallet('provider'), local.keepers, served).start()
  const event = { phase: 'serving', detail: null, sealed: null } as const
  played.tell({ order: served.order, generation: 1, seq: 0, time: Date.now(), event })
  const done = await json('buyer', deploy)
  expect(done).toMatchObject({ code: 0, value: { agent: 'helper', order: served.order, quote: null } })
  expect((await agents().get('helper')).orders).toEqual([served.order])
  expect(await agents().begun('helper')).toBeNull()
  // Killed when the card was there and the note not gone yet: given again it pays nothing, and nothing else is held up.
  await agents().begin('helper', { tuned: tuned.order, order: served.order })
  const another = (await book().list()).find((r) => r.spec.kind === 'finetune' && r.order !== tuned.order)?.order ?? ''
  expect((await json('buyer', ['deploy', another, '--name', 'helper', '--yes'])).value.error.code).toBe(
    'sdk/not-reported',
  )
  expect(await json('buyer', deploy)).toMatchObject({ code: 0, value: { order: served.order, quote: null } })
  expect(await agents().begun('helper')).toBeNull()
  // The order that serves may be given too, for another name or once more.
  const given = await json('buyer', ['deploy', served.order.slice(0, 12), '--name', 'helper', '--yes'])
  expect(given).toMatchObject({ code: 0, value: { card: { orders: [served.order] } } })
  expect(await ordersKept()).toBe(before)
})

test('a name under way is not ordered again for another fine-tuning, nor while its order may still get into a block', async () => {
  const served = await serving()
  const { order: other } = await stopped(finetune())
  const tuned = (await book().list()).find((r) => r.spec.kind === 'finetune')?.order ?? other
  const deploy = ['deploy', other, '--name', 'second', '--yes']
  await agents().begin('second', { tuned, order: served.order })
  const refused = await json('buyer', deploy)
  const back = expect.stringContaining(`npx allod deploy ${served.order.slice(0, 12)} --name second`)
  expect(refused).toMatchObject({ code: 8, value: { error: { code: 'cli/order-under-way', hint: back } } })
  // Saved, and killed before it was heard of on chain.
  const terms = { ...served.terms, salt: `0x${'0a'.repeat(32)}` } as const
  const unheard = { ...served, terms, order: orderId(terms), placedAt: Math.floor(Date.now() / 1000) }
  await book().save(unheard)
  await agents().begin('second', { tuned: other, order: unheard.order })
  expect((await json('buyer', deploy)).value.error).toMatchObject({
    code: 'cli/order-under-way',
    hint: expect.stringContaining('may still get into a block'),
  })
  await book().save({ ...unheard, placedAt: unheard.placedAt - 600 })
  expect((await json('buyer', deploy)).value.error.code).toBe('sdk/not-reported')
  // What is over stands in nobody's way, and is not gone on with.
  await endOrder(connect(local.network), local.wallet('buyer'), served)
  await agents().begin('second', { tuned: other, order: served.order })
  expect((await json('buyer', deploy)).value.error.code).toBe('sdk/not-reported')
  const over = await json('buyer', ['deploy', served.order, '--name', 'second', '--yes'])
  expect(over.value.error).toMatchObject({ code: 'cli/order-failed', meta: { actual: 'settled' } })
})

test('an order that never started, or whose term is over, is not gone on with, and says how its money comes back', async () => {
  const tuned = (await book().list()).find((r) => r.spec.kind === 'finetune')?.order ?? ''
  const over = await serving()
  await playEnclave(connect(local.network), local.wallet('provider'), local.keepers, over).start()
  const late = await serving()
  // Past the start's window and the term.
  await local.pass(1000)
  for (const { order } of [late, over]) {
    await agents().begin('third', { tuned: tuned as Hex, order })
    const back = `npx allod order cancel ${order.slice(0, 12)}`
    const again = await run('buyer', ['deploy', tuned, '--name', 'third', '--yes'])
    expect(again.stderr).toContain(back)
    // It goes for another one, for which its report is missing here.
    expect(again.stderr).toContain('sdk/not-reported')
    const given = await json('buyer', ['deploy', order, '--name', 'third', '--yes'])
    expect(given.value.error).toMatchObject({ code: 'cli/order-failed', hint: expect.stringContaining(back) })
    expect((await json('buyer', ['order', 'cancel', order, '--yes'])).code).toBe(0)
  }
})
