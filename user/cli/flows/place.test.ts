import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { type AllodError, type SignedOffer, utf8 } from '@allod/protocol'
import { type Allod, connect, offerCompute, publishEngine, type Quote, quote } from '@allod/sdk'
import { folderOrFile, openOrderBook, writeFileWhole } from '@allod/sdk/node'
import { type LocalNetwork, type PlayedProvider, playProvider, startLocalNetwork } from '@allod/sdk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newOutput } from '../frame/Output.ts'
import { type Placing, place } from './place.ts'

let local: LocalNetwork
let played: PlayedProvider
let allod: Allod
let folder = ''
let price: Quote
const orders = () => join(folder, 'orders')

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'allod-place-'))
  played = await playProvider()
  local = await startLocalNetwork(played)
  allod = connect(local.network)
  await writeFileWhole(join(folder, 'serve.mjs'), utf8('export {}'))
  const free = { perSecond: 10n ** 12n, perOrder: 0n }
  const machine = { cpus: 1, memoryBytes: 2 ** 30, gpus: [], tee: 'simulated' }
  const compute = (await offerCompute(allod, local.wallet('provider'), { name: 'machine', machine, price: free }))
    .posted
  const engine = await publishEngine(allod, local.wallet('author'), {
    folder: await folderOrFile(join(folder, 'serve.mjs')),
    name: 'engine',
    kind: 'serve',
    price: free,
  })
  price = await quote(allod, {
    kind: 'serve',
    buyer: local.wallet('buyer').key.address,
    compute: bare(compute),
    engine: bare(engine.posted),
    inputs: { text: { kind: 'public', treeHash: engine.digest } },
    seconds: 100,
  })
})
afterAll(async () => {
  await local.stop()
  await played.stop()
  rmSync(folder, { recursive: true, force: true })
})

const bare = ({ offer, signature }: SignedOffer): SignedOffer => ({ offer, signature })
const stateOf = async (order: unknown) => (await (await allod.chain.latest()).order(order as `0x${string}`)).state

/** Places an order that goes wrong; gives what is said, and how often it was called refused. */
async function failed(placing: Partial<Placing>, signal = new AbortController().signal) {
  const stream = () => Object.assign(new PassThrough(), { isTTY: false, columns: 80 }) as unknown
  const io = {
    stdin: stream() as NodeJS.ReadStream,
    stdout: stream() as NodeJS.WriteStream,
    stderr: stream() as NodeJS.WriteStream,
    env: {},
    signal,
  }
  const out = newOutput(io, { isJson: true, noColor: true })
  let refusals = 0
  const error = (await place({ out, io, orders: async () => openOrderBook(orders()) }, [allod, local.wallet('buyer')], {
    quote: price,
    onRefused: async () => void refusals++,
    ...placing,
  }).catch((thrown: unknown) => thrown)) as AllodError
  return { error, refusals }
}

test('an order that is paid and then cannot be kept is not taken for refused: it may be placed', async () => {
  const { error, refusals } = await failed({
    async onSaved({ order }) {
      // A folder with something in it in the file's place: nothing can be written there any more.
      rmSync(join(orders(), `${order}.json`))
      mkdirSync(join(orders(), `${order}.json`, 'taken'), { recursive: true })
    },
  })
  const { order } = error.meta
  const back = expect.stringMatching(/^order 0x\w{10} may be placed .*`npx allod order get 0x\w{10}`/)
  expect(error).toMatchObject({ code: 'sdk/file-unwritable', hint: back })
  expect([refusals, await stateOf(order)]).toEqual([0, 'open'])
  rmSync(orders(), { recursive: true })
})

test('one that the contract refuses is not placed, and says what the contract says', async () => {
  const { error, refusals } = await failed({ quote: { ...price, totalUnits: price.totalUnits - 1n } })
  expect([error.code, refusals]).toEqual(['market/escrow-over-max', 1])
  expect(error.hint).not.toContain('may be placed')
})

test('one created at other prices and ended says so, and stopped meanwhile still says where its money is', async () => {
  const lanes = price.lanes.map((lane, i) => (i === 0 ? { ...lane, perOrder: 1n } : lane))
  const said = await failed({ quote: { ...price, lanes } })
  expect([said.error.code, said.refusals]).toEqual(['sdk/quote-outdated', 1])
  const stop = new AbortController()
  const stopped = await failed({ quote: { ...price, lanes }, onSaved: async () => stop.abort() }, stop.signal)
  expect(stopped).toMatchObject({
    refusals: 1,
    error: {
      code: 'cli/interrupted',
      hint: expect.stringContaining('order cancel'),
      meta: { order: expect.any(String) },
    },
  })
  expect(await stateOf(stopped.error.meta.order)).toBe('settled')
  // A file in the folder's place: the one that was created cannot be kept, and is ended all the same.
  const onSaved = async () => {
    rmSync(orders(), { recursive: true })
    writeFileSync(orders(), '')
  }
  const { error } = await failed({ quote: { ...price, lanes }, onSaved })
  expect(error).toMatchObject({ code: 'sdk/quote-outdated', meta: { isRefunded: true } })
  expect(await stateOf(error.meta.actual)).toBe('settled')
})
