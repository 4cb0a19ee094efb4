import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, expireOrder, listOffers } from '@allod/sdk'
import { openOrderBook } from '@allod/sdk/node'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startNetworkFolder } from './testing/networkFolder.ts'

/* The program as a process of its own, its output going to a reader that has left, as `| head -1` does. */
const network = await startNetworkFolder()
const { local, played, inFolder } = network
afterAll(network.stop)

beforeAll(() => {
  mkdirSync(inFolder('counter'))
  writeFileSync(inFolder('counter/run.mjs'), 'export {}')
})

/** Nobody reads what it says, neither data nor notes. */
function unread(as: string, ...argv: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'allod.ts'), ...argv, '--as', as], {
    env: { ...process.env, ALLOD_HOME: inFolder('home'), ALLOD_NETWORK: inFolder('network.json') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.destroy()
  child.stderr.destroy()
  return child
}

test('a command whose reader went away is done to its end, and ends with its own code', async () => {
  const publish = ['publish', '--per-order', '0.1', '--yes']
  const [engine] = await once(unread('author', ...publish, inFolder('counter'), '--job', 'run'), 'exit')
  const [machine] = await once(unread('provider', ...publish, '--kind', 'compute'), 'exit')
  expect([engine, machine, (await listOffers(connect(local.network))).length]).toEqual([0, 0, 2])

  // It tells of its first step once it has paid, and has more to do then: here, to hear that the order came to nothing.
  const child = unread('buyer', 'run', 'counter', '--in', `text=${inFolder('rows.jsonl')}`, '--yes', '--json')
  const ended = once(child, 'exit')
  const record = await vi.waitFor(async () => {
    const [found] = await openOrderBook(inFolder('orders')).list()
    if (found === undefined || !played.jobs.has(found.order)) throw new Error('no order yet')
    return found
  }, 30_000)
  await local.pass(120)
  await expireOrder(connect(local.network), local.wallet('buyer'), record)
  expect(await ended).toEqual([1, null])
})

test('what could not be written where there is no room is no success', async () => {
  const child = spawn('bash', [
    '-c',
    '"$@" > /dev/full',
    'bash',
    process.execPath,
    join(import.meta.dirname, 'allod.ts'),
    '--version',
  ])
  expect(await once(child, 'exit')).toEqual([1, null])
})
