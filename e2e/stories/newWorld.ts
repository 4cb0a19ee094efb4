import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { OrderLog, OrderOnChain } from '@allod/chain'
import { down, isRunning, type Layout, layoutOf, processNames, up } from '@allod/devnet'
import { type Hex, utf8 } from '@allod/protocol'
import {
  type Allod,
  connect,
  followOrder,
  newPolicy,
  type OrderRecord,
  type OrderRequest,
  type OrderStep,
  placeOrder,
  publishDataset,
  quote,
  type StepName,
  settleOrder,
} from '@allod/sdk'
import { devnetTrust } from '@allod/sdk/devnet'
import { devnetWallet, openOrderBook, readNetwork } from '@allod/sdk/node'
import { companyJsonl, generateCompany } from '../../examples/company/generate.ts'
import { packageEngines } from '../demo/packageEngines.ts'
import { publish } from '../demo/publish.ts'
import type { Cast, Published } from '../demo/Story.ts'
import { tinyModelFolder } from '../tinyModelFolder.ts'
import { type Settled, settledOf } from './settledOf.ts'
import { killVictim, type Victim } from './victims.ts'

/** Long enough to come up again within, short enough to wait for. */
const START_WINDOW_SECONDS = 45
/** Each story waits for its end: time that nobody attests any more is the buyer's after it. */
const REPORT_WINDOW_SECONDS = 10
const TERM_SECONDS = 600
const DEFAULT_TTL_SECONDS = 600
const REACH_MS = 180_000
const LOOK_EVERY_MS = 250
/** The small fine-tuning that a world orders: 70 steps an epoch, of the tiny model about 300 a second on one core. */
export const PARAMETERS = { method: 'lora', rank: 4, alpha: 8, epochs: 3, learningRate: '0.004', rows: 8 } as const
/** So many epochs are still being trained some seconds after the first step was seen, also on a busy machine. */
export const LASTING_EPOCHS = 60

/** A live network with a model, engines, a machine and a private dataset on offer, and somebody to order with. */
export type World = {
  readonly layout: Layout
  readonly allod: Allod
  readonly cast: Cast
  readonly published: Published
  /** One small fine-tuning, as a buyer asks for it. */
  readonly request: OrderRequest
  /** Places it. */
  readonly order: (choices?: Choices) => Promise<OrderRecord>
  /** Places an order for an agent that serves the base model, for ten minutes unless told. */
  readonly serve: (choices?: { readonly seconds?: number }) => Promise<OrderRecord>
  /** What happens to an order, until one of these steps. */
  readonly follow: (record: OrderRecord, ...until: StepName[]) => AsyncGenerator<OrderStep, void>
  /** Looks at the order on chain until it is so; three minutes at most. */
  readonly reach: (record: OrderRecord, isSo: (look: Look) => boolean) => Promise<Look>
  /** Sees an order through to the last unit. */
  readonly settle: (record: OrderRecord) => Promise<Settled>
  /** All that the buyer has, in the market and in the own wallet. */
  readonly money: () => Promise<bigint>
  /** Ends a process the hard way. False where it does not run now. */
  readonly kill: (victim: Victim) => Promise<boolean>
  /** Brings up again what is down. */
  readonly revive: () => Promise<void>
  readonly stop: () => Promise<void>
}

export type Choices = {
  readonly epochs?: number
  /** The lease that the dataset’s policy asks for; ten minutes unless told. */
  readonly ttlSeconds?: number
  /** Cores to train on, 0 for all; one unless told. */
  readonly threads?: number
}

/** An order at the newest block, whose time is in Unix seconds. */
export type Look = {
  readonly state: OrderOnChain
  readonly events: readonly OrderLog[]
  readonly time: number
}

/**
 * Brings a network of its own up in a temporary folder.
 * @param options.startSeconds how long an order may wait for its start
 * @param options.model a folder with the model to lease; a tiny one unless told
 */
export async function newWorld({
  startSeconds = START_WINDOW_SECONDS,
  model,
}: {
  readonly startSeconds?: number
  readonly model?: string
} = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'allod-story-'))
  const layout = layoutOf(folder)
  const raise = () => up({ folder, windows: { start: BigInt(startSeconds), report: BigInt(REPORT_WINDOW_SECONDS) } })
  await raise()
  const engines = await packageEngines(layout.engines)
  const local = await readNetwork(layout.description)
  const allod = connect(local.network, { trust: devnetTrust(local.network) })
  const wallet = (name: string) => devnetWallet(local, name)
  const cast: Cast = {
    modelOwner: await wallet('model-owner'),
    engineAuthor: await wallet('engine-author'),
    provider: await wallet('provider'),
    developer: await wallet('developer'),
  }
  const book = openOrderBook(join(folder, 'orders'))
  const stage = { allod, cast, book, seed: 1, say: () => {} }
  const published = await publish(stage, engines, model ?? tinyModelFolder(join(folder, 'model')))
  const { developer } = cast
  const requestOf = requests(allod, cast, published)
  return {
    layout,
    allod,
    cast,
    published,
    request: await requestOf(DEFAULT_TTL_SECONDS),
    async order({ epochs = PARAMETERS.epochs, ttlSeconds = DEFAULT_TTL_SECONDS, threads = 1 } = {}) {
      const parameters = { ...PARAMETERS, epochs, threads }
      const quoted = await quote(allod, await requestOf(ttlSeconds))
      return placeOrder(allod, developer, quoted, { book, parameters, seed: 1 })
    },
    async serve({ seconds = TERM_SECONDS } = {}) {
      const { compute, serveEngine: engine, model } = published
      const inputs = { base: { kind: 'offer', offer: model.posted } } as const
      const request = { kind: 'serve', buyer: developer.key.address, compute, engine, inputs } as const
      return placeOrder(allod, developer, await quote(allod, { ...request, seconds }), { book })
    },
    follow: (record, ...until) => followOrder(allod, record, { wallet: developer, until, idleMs: 360_000 }),
    reach: (record, isSo) => reach(allod, record, isSo),
    async settle(record) {
      await settleOrder(allod, developer, record.order, { isEnding: true, maxSeconds: 180 })
      return settledOf(allod, record)
    },
    async money() {
      const { market, wallet: own } = await (await allod.chain.latest()).balance(developer.key.address)
      return market + own
    },
    kill: (victim) => killVictim(layout, local.network.builds.runtime, victim),
    revive: async () => {
      await raise()
    },
    async stop() {
      await down(folder)
      if (processNames.some((name) => isRunning(layout.processes, name)))
        throw new Error('a process outlived the story')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The fine-tuning as it is asked for, by the lease of the data: each is another object, published once. */
function requests(allod: Allod, { developer }: Cast, { compute, finetuneEngine, model }: Published) {
  const datasets = new Map<number, Promise<Hex>>()
  const publishUnder = async (ttlSeconds: number): Promise<Hex> => {
    const lease = { ttlSeconds }
    const { manifestHash } = await publishDataset(allod, developer, {
      folder: oneFile('company.jsonl', utf8(companyJsonl(generateCompany(1)))),
      name: 'records',
      policy: newPolicy(allod.network, developer.key.address, {
        purposes: ['finetune'],
        engines: [finetuneEngine.offer.subject],
        lease,
      }),
    })
    return manifestHash
  }
  return async (ttlSeconds: number): Promise<OrderRequest> => {
    const dataset = datasets.get(ttlSeconds) ?? publishUnder(ttlSeconds)
    datasets.set(ttlSeconds, dataset)
    return {
      kind: 'finetune',
      buyer: developer.key.address,
      compute,
      engine: finetuneEngine,
      inputs: {
        model: { kind: 'offer', offer: model.posted },
        dataset: { kind: 'own', manifestHash: await dataset },
      },
      seconds: TERM_SECONDS,
    }
  }
}

async function reach(allod: Allod, { order }: OrderRecord, isSo: (look: Look) => boolean): Promise<Look> {
  for (const until = performance.now() + REACH_MS; ; await delay(LOOK_EVERY_MS)) {
    const view = await allod.chain.latest()
    const look = { state: await view.order(order), events: await view.orderEvents(order), time: view.block.time }
    if (isSo(look)) return look
    if (performance.now() > until) throw new Error(`not reached: ${look.state.state} at ${look.time}`)
  }
}

function oneFile(path: string, bytes: Uint8Array) {
  return {
    files: [{ path, sizeBytes: bytes.length, isExecutable: false }],
    async *read() {
      yield bytes
    },
  }
}
