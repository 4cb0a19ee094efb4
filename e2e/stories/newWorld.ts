import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { down, isRunning, type Layout, layoutOf, processNames, runningPid, up } from '@allod/devnet'
import { utf8 } from '@allod/protocol'
import {
  type Allod,
  connect,
  followOrder,
  newPolicy,
  type OrderRecord,
  type OrderRequest,
  type OrderStep,
  orderMoney,
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

/** Long enough to come up again within, short enough to wait for. */
const START_WINDOW_SECONDS = 45n
const TERM_SECONDS = 600
/** The small fine-tuning that a world orders. */
export const PARAMETERS = { method: 'lora', rank: 4, alpha: 8, epochs: 3, learningRate: '0.004', rows: 8 } as const

/** What may be killed: a process of the network, or the enclave that works on the order. */
export type Victim = (typeof processNames)[number] | 'enclave'
export const victims: readonly Victim[] = [...processNames, 'enclave']

/** A live network with a model, engines, a machine and a private dataset on offer, and somebody to order with. */
export type World = {
  readonly layout: Layout
  readonly allod: Allod
  readonly cast: Cast
  readonly published: Published
  /** One small fine-tuning, as a buyer asks for it. */
  readonly request: OrderRequest
  /** Places it. */
  readonly order: (choices?: { readonly epochs?: number }) => Promise<OrderRecord>
  /** What happens to an order, until one of these steps. */
  readonly follow: (record: OrderRecord, ...until: StepName[]) => AsyncGenerator<OrderStep, void>
  /** Sees an order through to the last unit. */
  readonly settle: (record: OrderRecord) => Promise<Settled>
  /** Ends a process the hard way. False where it does not run now. */
  readonly kill: (victim: Victim) => Promise<boolean>
  /** Brings up again what is down. */
  readonly revive: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** How an order ended, counted from its events. */
export type Settled = {
  readonly state: string
  readonly attestedSeconds: number
  readonly generation: number
  readonly locked: bigint
  readonly paid: bigint
  readonly refunded: bigint
  readonly escrow: bigint
}

/** Brings a network of its own up in a temporary folder. */
export async function newWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'allod-story-'))
  const layout = layoutOf(folder)
  const raise = () => up({ folder, windows: { start: START_WINDOW_SECONDS } })
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
  const published = await publish({ allod, cast, book, seed: 1, say: () => {} }, engines)
  const { developer } = cast
  const dataset = await publishDataset(allod, developer, {
    folder: oneFile('company.jsonl', utf8(companyJsonl(generateCompany(1)))),
    name: 'records',
    policy: newPolicy(allod.network, developer.key.address, { purposes: ['finetune'] }),
  })
  const request: OrderRequest = {
    kind: 'finetune',
    buyer: developer.key.address,
    compute: published.compute,
    engine: published.finetuneEngine,
    inputs: {
      model: { kind: 'offer', offer: published.model.posted },
      dataset: { kind: 'own', manifestHash: dataset.manifestHash },
    },
    seconds: TERM_SECONDS,
  }
  return {
    layout,
    allod,
    cast,
    published,
    request,
    async order({ epochs = PARAMETERS.epochs } = {}) {
      const parameters = { ...PARAMETERS, epochs }
      return placeOrder(allod, developer, await quote(allod, request), { book, parameters, seed: 1 })
    },
    follow: (record, ...until) => followOrder(allod, record, { wallet: developer, until, idleMs: 180_000 }),
    async settle(record) {
      await settleOrder(allod, developer, record.order, { isEnding: true, maxSeconds: 180 })
      const view = await allod.chain.latest()
      const { state, attestedSeconds, generation } = await view.order(record.order)
      const { earnings, refunded, escrow } = await orderMoney(allod, record.order)
      const paid = earnings.reduce((sum, e) => sum + e.claimed, 0n)
      const created = (await view.orderEvents(record.order)).find((e) => e.name === 'Created')
      return {
        state,
        attestedSeconds,
        generation,
        locked: BigInt(created?.args.escrow as bigint),
        paid,
        refunded,
        escrow,
      }
    },
    async kill(victim) {
      const pid = victim === 'enclave' ? enclavePid(local.network.builds.runtime) : runningPid(layout.processes, victim)
      if (pid === null) return false
      process.kill(pid, 'SIGKILL')
      const isThere = () =>
        victim === 'enclave' ? existsSync(`/proc/${pid}/fd/0`) : isRunning(layout.processes, victim)
      while (isThere()) await delay(10)
      return true
    },
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

// The chip starts guests below its own measured copy of their build, so the sandbox around one names it.
function enclavePid(build: string): number | null {
  const commandOf = (pid: number): string => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    } catch {
      return ''
    }
  }
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const sandbox = pids.map(Number).find((pid) => {
    const command = commandOf(pid)
    return command.includes('--hostname enclave') && command.includes(`/builds/${build} `)
  })
  return sandbox ?? null
}

function oneFile(path: string, bytes: Uint8Array) {
  return {
    files: [{ path, sizeBytes: bytes.length, isExecutable: false }],
    async *read() {
      yield bytes
    },
  }
}
