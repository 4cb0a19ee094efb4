import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Hex } from '@allod/protocol'
import type { OrderRecord, Wallet } from '@allod/sdk'
import { openOrderBook } from '@allod/sdk/node'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { dumpChain, readDump } from '../demo/chainLogs.ts'
import { commandLine, type Ended } from './commandLine.ts'
import { type Gate, type Moment, startGate } from './gate.ts'
import { newWorld, type World } from './newWorld.ts'
import { earnedByLane } from './settledOf.ts'

/*
 * Commands of owners, buyers and payees, broken off with SIGKILL around each thing that they do to the world: the command's own
 * process, or the chain that it speaks to. Its user gives the same command again. ALLOD_CHAOS_ALL=1 plays every moment; without it
 * those where most is at stake: something has happened, and the command never heard of it.
 */
const isEvery = process.env.ALLOD_CHAOS_ALL === '1'
let world: World
let gate: Gate
let network = ''
beforeAll(async () => {
  world = await newWorld({ startSeconds: 120 })
  const { description } = world.layout
  const told = JSON.parse(readFileSync(description, 'utf8'))
  gate = await startGate([...told.rpcUrls, ...told.stores.map((s: { url: string }) => s.url)])
  network = join(description, '../gated.json')
  const stores = told.stores.map((s: { url: string }) => ({ ...s, url: gate.instead(s.url) }))
  writeFileSync(network, JSON.stringify({ ...told, rpcUrls: told.rpcUrls.map(gate.instead), stores }))
})
beforeEach(() => world.revive())
afterAll(async () => {
  await gate.stop()
  await world.stop()
})

type Victim = 'command' | 'chain'
/** Moments of a run that plays all of them. */
const more = (...moments: readonly Break[]): readonly Break[] => (isEvery ? moments : [])
type Break = readonly [Victim, Moment['when'], Moment['effect'], number]

const allod = (as: string, ...argv: readonly string[]): Promise<Ended> => commandLine(network, as, argv).ended

/** Gives a command, breaks it off at a moment, and gives it again. */
async function twice([victim, when, effect, number]: Break, as: string, ...argv: readonly string[]): Promise<Ended> {
  const first = commandLine(network, as, argv)
  const isBroken = gate.at({ when, effect, number }, async () => {
    if (victim === 'command') first.kill()
    else await world.kill('chain')
  })
  const { code } = await first.ended
  expect(isBroken(), 'the moment came').toBe(true)
  expect(code, 'the command did not get through').not.toBe(0)
  if (victim === 'chain') await world.revive()
  return allod(as, ...argv)
}

const publishing: readonly Break[] = [
  ['command', 'after', 'put', 1],
  ['command', 'after', 'transaction', 2],
  ['chain', 'before', 'transaction', 2],
  ...more(
    ['command', 'before', 'put', 4],
    ['command', 'after', 'transaction', 1],
    ['command', 'before', 'transaction', 1],
    ['chain', 'after', 'transaction', 1],
  ),
]

describe('an owner who publishes', () => {
  test.each(publishing)('%s killed %s %s %i: given again, it is sealed once and offered once', async (...at) => {
    const name = `records-${publishing.findIndex((p) => p.every((part, i) => part === at[i]))}`
    const file = join(world.layout.description, `../${name}.jsonl`)
    writeFileSync(file, `{"prompt":"what is ${name}?","completion":"a dataset"}\n`)
    const { address } = world.cast.modelOwner.key
    const offers = async () => (await world.allod.chain.latest()).offersPosted({ owner: address })
    const registered = async () => {
      const { network } = world.allod
      const logs = readDump(await dumpChain(network), network.addresses)
      return logs.filter((l) => l.name === 'Registered' && String(l.args.owner).toLowerCase() === address).length
    }
    const [before, objects] = [(await offers()).length, await registered()]
    const publish = [
      'publish',
      file,
      '--kind',
      'dataset',
      '--name',
      name,
      '--engines',
      'any',
      '--per-order',
      '0.01',
      '--yes',
    ]
    const { code, last } = await twice(at, 'model-owner', ...publish)
    expect(code).toBe(0)
    const posted = (await offers()).slice(before)
    expect(posted.map((o) => o.hash)).toEqual([(last as { readonly offer: Hex }).offer])
    const { objectId } = last as { readonly objectId: Hex }
    expect(posted[0]?.offer.subject).toBe(objectId)
    expect(await registered()).toBe(objects + 1)
    expect((await (await world.allod.chain.latest()).asset(objectId)).owner).toBe(address)
  })
})

describe('payees of one order who claim and withdraw', () => {
  let record: OrderRecord
  let before: ReadonlyMap<string, bigint>
  const payees = (): readonly (readonly [string, Wallet])[] => [
    ['model-owner', world.cast.modelOwner],
    ['engine-author', world.cast.engineAuthor],
    ['provider', world.cast.provider],
  ]
  const moneyOf = async (wallet: Wallet) => (await world.allod.chain.latest()).balance(wallet.key.address)

  beforeAll(async () => {
    await world.revive()
    record = await world.order()
    for await (const step of world.follow(record, 'reported', 'failed', 'expired')) void step
    for (const [name] of payees()) await allod(name, 'earnings', 'withdraw')
    before = new Map(
      await Promise.all(payees().map(async ([name, wallet]) => [name, (await moneyOf(wallet)).wallet] as const)),
    )
  })

  test.each<readonly [string, Break]>([
    ['model-owner', ['command', 'after', 'transaction', 1]],
    ['engine-author', ['command', 'before', 'transaction', 1]],
    ['provider', ['chain', 'after', 'transaction', 1]],
  ])('%s, %j: each is paid once, to the last unit', async (name, at) => {
    expect(await twice(at, name, 'earnings', 'claim')).toMatchObject({ code: 0 })
    expect(await twice(at, name, 'earnings', 'withdraw')).toMatchObject({ code: 0 })
    const [, wallet] = payees().find(([n]) => n === name) as readonly [string, Wallet]
    const { attestedSeconds } = await (await world.allod.chain.latest()).order(record.order)
    const earned = earnedByLane(record, attestedSeconds, { isVested: true })
    const mine = record.terms.lanes.reduce(
      (sum, { payee }, lane) => (payee === wallet.key.address ? sum + (earned[lane] ?? 0n) : sum),
      0n,
    )
    expect(mine).toBeGreaterThan(0n)
    expect(await moneyOf(wallet)).toEqual({ market: 0n, wallet: (before.get(name) ?? 0n) + mine })
  })

  test('and the rest of it comes back', async () => {
    const settled = await world.settle(record)
    expect(settled).toMatchObject({ state: 'settled', escrow: 0n, isReported: true })
    expect(settled.paid + settled.refunded).toBe(settled.locked)
  })
})

const ordering: readonly Break[] = [
  ['command', 'after', 'transaction', 1],
  ['chain', 'after', 'transaction', 2],
  ...more(
    ['command', 'after', 'transaction', 2],
    ['command', 'before', 'transaction', 1],
    ['chain', 'after', 'transaction', 1],
    ['command', 'before', 'transaction', 2],
  ),
]

describe('a buyer who orders', () => {
  // The provider takes jobs; without keepers it starts none, so that there is nothing to wait for at the end.
  beforeEach(async () => {
    for (const keeper of ['keeper-1', 'keeper-2', 'keeper-3'] as const) await world.kill(keeper)
  })

  test.each(ordering)(
    '%s killed %s %s %i: every order that was placed is known, and every unit is there',
    async (...at) => {
      // What lies in the market already would be no deposit.
      await allod('developer', 'earnings', 'withdraw')
      const before = await world.money()
      const { inputs } = world.request
      const data = inputs.dataset?.kind === 'own' ? inputs.dataset.manifestHash : ''
      const known = new Set((await orders()).map((r) => r.order))
      const finetune = ['finetune', '--model', 'demo-base', '--data', data, '--detach', '--yes']
      expect(await twice(at, 'developer', ...finetune)).toMatchObject({ code: 0 })
      const fresh = (await orders()).filter((r) => !known.has(r.order))
      expect(fresh.length).toBe(2)
      let paid = 0n
      for (const record of fresh) {
        const { state } = await (await world.allod.chain.latest()).order(record.order)
        if (state === 'none') continue
        expect(await allod('developer', 'order', 'cancel', record.order, '--yes')).toMatchObject({ code: 0 })
        const settled = await world.settle(record)
        expect(settled.paid + settled.refunded).toBe(settled.locked)
        paid += settled.paid
      }
      expect(await world.money()).toBe(before - paid)
    },
  )
})

const orders = (): Promise<readonly OrderRecord[]> => openOrderBook(join(network, '../orders')).list()
