import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fetchManifest, readBack } from '@allod/content/open'
import { down } from '@allod/devnet'
import type { Hex } from '@allod/protocol'
import {
  endOrder,
  expireOrder,
  fetchReport,
  type OrderRecord,
  objectHolders,
  parseOrderRecord,
  replicateObject,
  signerOfKeeper,
  verifyDecisionLog,
  verifyReport,
} from '@allod/sdk'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Liar, oneByteOff, otherSecrets, startLiar } from './liar.ts'
import { LASTING_EPOCHS, newWorld, type World } from './newWorld.ts'
import { earnedByLane } from './settledOf.ts'

let world: World
beforeAll(async () => {
  world = await newWorld()
})
beforeEach(() => world.revive())
afterAll(() => world.stop())

/** Of service, before it is ended. */
const SERVED_SECONDS = 15
/** A whole term of an agent, long enough to come up within. */
const SHORT_TERM_SECONDS = 60
/** A chain that makes a block for each transaction and one each second may run a little ahead of the keepers' clocks. */
const CLOCKS_SECONDS = 3

const portOf = (url: string) => Number(new URL(url).port)

/** Follows an order to its report, and holds the report against the chain as an auditor would. */
async function expectReported(record: OrderRecord): Promise<void> {
  const seen: string[] = []
  for await (const step of world.follow(record, 'reported', 'failed', 'expired'))
    if (step.kind === 'step') seen.push(step.step)
  expect(seen).toContain('reported')
  const { envelope } = await fetchReport(world.allod, record)
  const { trust, chain } = world.allod
  expect((await verifyReport(envelope, { trust, view: await chain.latest() })).verdict).toBe('valid-then')
}

async function expectAccounted(record: OrderRecord) {
  const settled = await world.settle(record)
  expect(settled).toMatchObject({ state: 'settled', escrow: 0n })
  expect(settled.paid + settled.refunded).toBe(settled.locked)
  return settled
}

/** What a command line says, in JSON. */
async function asked(...argv: readonly string[]): Promise<unknown> {
  const { description, root } = world.layout
  const { stdout } = await promisify(execFile)(process.execPath, ['user/cli/allod.ts', ...argv, '--json'], {
    cwd: join(import.meta.dirname, '../..'),
    env: { ...process.env, ALLOD_HOME: root, ALLOD_NETWORK: description },
  })
  return JSON.parse(stdout)
}

test('one keeper and one store are down: the order completes without them', async () => {
  await world.kill('keeper-2')
  await world.kill('store-2')
  const record = await world.order()
  await expectReported(record)
  await expectAccounted(record)
  const { allod } = world
  const [manifest] = Object.values((await fetchReport(allod, record)).manifests)
  const [first, second] = allod.stores
  if (!manifest || !first || !second) throw new Error('a result and two stores were expected')
  const { holders, manifestHash } = await objectHolders(allod, manifest)
  expect(holders).toEqual([first.id])
  expect(await asked('order', 'get', record.order)).toMatchObject({ result: { manifestHash, holders, stores: 2 } })
  await world.revive()
  const { replicas } = await replicateObject(allod, manifest)
  expect(replicas.map((r) => r.kind)).toEqual(['held', 'copied'])
  // And so the result outlives the store that was its only one.
  await world.kill('store-1')
  expect(await readBack(await fetchManifest([second], manifestHash), [second], { samples: 8 })).toEqual({ faults: [] })
})

test('one keeper and one store lie: nothing of theirs is believed, and the order completes', async () => {
  const { keepers, stores } = world.allod.network
  await world.kill('keeper-1')
  await world.kill('store-1')
  const [liar, honest] = [keepers[0], keepers[1]]
  const [lyingStore, honestStore] = [stores[0], stores[1]]
  if (!liar || !honest || !lyingStore || !honestStore) throw new Error('a network of this size was expected')
  const lies: Liar[] = []
  try {
    lies.push(await startLiar(portOf(liar.url), honest.url, otherSecrets))
    lies.push(await startLiar(portOf(lyingStore.url), honestStore.url, oneByteOff))
    const record = await world.order()
    await expectReported(record)
    await expectAccounted(record)
    for (const { lies: told } of lies) expect(told()).toBeGreaterThan(0)
  } finally {
    for (const { stop } of lies) await stop()
  }
})

test('a provider that takes the order and never starts it: everything comes back', async () => {
  const record = await world.order()
  await world.kill('provider')
  await world.kill('enclave')
  expect((await (await world.allod.chain.latest()).order(record.order)).state).toBe('open')
  await expect(expireOrder(world.allod, world.cast.developer, record)).rejects.toMatchObject({
    code: 'market/too-early',
  })
  const { startBy } = await (await world.allod.chain.latest()).order(record.order)
  // The chain's own clock decides; a block comes each second while an order is open, with nobody sending anything.
  while ((await world.allod.chain.latest()).block.time <= startBy)
    await new Promise((resolve) => setTimeout(resolve, 500))
  await expireOrder(world.allod, world.cast.developer, record)
  const view = await world.allod.chain.latest()
  const [created, expired] = ['Created', 'Expired'].map(async (name) =>
    (await view.orderEvents(record.order)).find((e) => e.name === name),
  )
  expect((await expired)?.args.refund).toBe((await created)?.args.escrow)
  expect((await view.order(record.order)).escrow).toBe(0n)
})

test('a provider that dies while training and stays away is paid for the time that keepers attested, no more', async () => {
  const record = await world.order({ epochs: 400, ttlSeconds: 10 })
  // Two renewals, so that time was attested in pieces; each covers about five seconds of training.
  await world.reach(record, ({ events }) => events.filter((e) => e.name === 'Attested').length >= 2)
  await world.kill('provider')
  await world.kill('enclave')
  const { time: killedAt, state: left } = await world.reach(record, () => true)
  const settled = await expectAccounted(record)
  expect(settled.isReported).toBe(false)
  expect(settled.attestedSeconds).toBe(left.attestedSeconds)
  expect(settled.attestedSeconds).toBeGreaterThan(0)
  expect(settled.attestedSeconds).toBeLessThanOrEqual(killedAt - settled.startedAt)
  // No fixed fee: there is no report that it would be for.
  expect(settled.paidByLane).toEqual(earnedByLane(record, settled.attestedSeconds, { isVested: false }))
  expect(settled.paid).toBeGreaterThan(0n)
})

test('a buyer who ends an agent early pays everybody for the time it served, up to the end', async () => {
  const record = await world.serve()
  for await (const step of world.follow(record, 'serving')) void step
  // The next renewal would be due after five minutes: all but the first of this time is attested after the end.
  const { state: first } = await world.reach(record, ({ state }) => state.attestedSeconds > 0)
  await world.reach(record, ({ time }) => time >= first.attestedUpTo + SERVED_SECONDS)
  await endOrder(world.allod, world.cast.developer, record)
  const settled = await expectAccounted(record)
  expect(settled.endedAt - first.attestedUpTo).toBeGreaterThanOrEqual(SERVED_SECONDS)
  expect(settled.attestedUpTo).toBeGreaterThanOrEqual(settled.endedAt - CLOCKS_SECONDS)
  expect(settled.attestedSeconds).toBeGreaterThanOrEqual(settled.endedAt - settled.startedAt - CLOCKS_SECONDS)
  expect(settled.paidByLane).toEqual(earnedByLane(record, settled.attestedSeconds, { isVested: true }))
})

test('an agent whose term runs out is paid up to its end, and nothing is said to have failed', async () => {
  const record = await world.serve({ seconds: SHORT_TERM_SECONDS })
  const steps: string[] = []
  for await (const step of world.follow(record, 'ended', 'failed'))
    if (step.kind === 'step') steps.push(`${step.step} ${step.generation}`)
  expect(steps).toContain('serving 1')
  expect(steps.filter((step) => step.startsWith('failed') || step.endsWith(' 2'))).toEqual([])
  const settled = await expectAccounted(record)
  expect(settled).toMatchObject({ isFailed: false, generation: 1, endedAt: settled.startedAt + SHORT_TERM_SECONDS })
  expect(settled.attestedSeconds).toBeGreaterThanOrEqual(SHORT_TERM_SECONDS - CLOCKS_SECONDS)
  expect(settled.attestedSeconds).toBeLessThanOrEqual(SHORT_TERM_SECONDS)
  expect(settled.paidByLane).toEqual(earnedByLane(record, settled.attestedSeconds, { isVested: true }))
})

test('two of three keepers away for longer than a lease: the order pauses, and goes on when they are back', {
  timeout: 400_000,
}, async () => {
  const record = await world.order({ epochs: 250, ttlSeconds: 20 })
  let isPaused = false
  const after: number[] = []
  for await (const step of world.follow(record, 'reported', 'failed', 'ended')) {
    if (step.kind === 'figures' && isPaused) after.push(...step.figures.map((f) => f.step))
    if (step.kind !== 'step') continue
    if (step.step === 'training') {
      expect(await world.kill('keeper-1')).toBe(true)
      expect(await world.kill('keeper-2')).toBe(true)
    }
    // A gap of more than two leases is none that keepers renew after: it is twenty seconds in which they must be back.
    if (step.step === 'paused') {
      isPaused = true
      await world.revive()
    }
  }
  expect(isPaused).toBe(true)
  expect(after.length).toBeGreaterThan(0)
  await expectReported(record)
  expect((await world.reach(record, () => true)).state.generation).toBe(1)
})

test('an enclave that dies while training is replaced by a next generation that goes on from a checkpoint', async () => {
  let isKilled = false
  const record = await world.order({ epochs: LASTING_EPOCHS })
  const reached: number[] = []
  for await (const step of world.follow(record, 'reported', 'failed')) {
    if (step.kind !== 'figures') continue
    reached.push(...step.figures.flatMap((f) => (f.event === 'step' ? [f.step] : [])))
    // Past the second checkpoint, and the first is in the stores.
    if ((reached.at(-1) ?? 0) > 45 && !isKilled) isKilled = await world.kill('enclave')
  }
  // It went on from a checkpoint, not from the first step.
  const resumedAt = reached[reached.findIndex((at, i) => at <= (reached[i - 1] ?? 0))]
  expect(resumedAt).toBeGreaterThan(20)
  await expectReported(record)
  expect((await expectAccounted(record)).generation).toBe(2)
})

test('a buyer’s program that is killed right after paying finds its order again and goes on', async () => {
  const child = fork(join(import.meta.dirname, 'buyer.ts'), [world.layout.root], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  await world.kill('provider')
  child.send(world.request)
  const [saved] = (await once(child, 'message')) as [unknown]
  child.kill('SIGKILL')
  await once(child, 'exit')
  await world.revive()
  const record = parseOrderRecord(saved)
  await expectReported(record)
  await expectAccounted(record)
})

test('a network that is taken down while an order trains goes on where it was', async () => {
  const record = await world.order({ epochs: LASTING_EPOCHS })
  for await (const step of world.follow(record, 'training')) void step
  await down(world.layout.root)
  await world.revive()
  await expectReported(record)
  await expectAccounted(record)
})

test('the keepers’ decision logs hold together over every death of theirs', async () => {
  const names = ['keeper-1', 'keeper-2', 'keeper-3'] as const
  for (const name of names) {
    const log = readFileSync(join(world.layout.dataOf(name), 'decisions.ndjson'), 'utf8')
    const signerOf = (keeper: Hex) => signerOfKeeper(world.allod, keeper)
    const { keepers, faults, unreadableLines } = await verifyDecisionLog([log], { signerOf })
    expect([faults, unreadableLines, keepers.length, keepers[0]?.ends.length]).toEqual([[], 0, 1, 1])
    expect(keepers[0]?.boots).toBeGreaterThan(1)
  }
})
