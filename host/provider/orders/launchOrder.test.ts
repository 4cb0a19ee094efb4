import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import { relay } from '@allod/channel'
import { fetchOver, socketDuplex } from '@allod/channel/node'
import type { ConfidentialEnvironment, GuestLimits } from '@allod/environments'
import { type Hex, LONGEST_WALL_MS } from '@allod/protocol'
import { expect, test } from 'vitest'
import { build, fill, onChain, providerKey, recordingChain, sampleJob, scratch } from '../testing/samples.ts'
import { newCourier } from './courier.ts'
import { launchOrder } from './launchOrder.ts'
import { OrderFile } from './OrderFile.ts'

/** An enclave that was launched, and the far end of its channel: the test is the guest. */
async function launchedGuest(folder: string, { stores = new Map<Hex, string>(), job = sampleJob() } = {}) {
  const [channel, far] = duplexPair()
  const given: GuestLimits[] = []
  const environment: ConfidentialEnvironment = {
    kind: 'unisolated',
    isolation: 'none',
    probe: async () => ({ isUsable: false, reason: 'not-linux', fix: 'this guest runs nowhere' }),
    launch: async ({ limits }) => {
      given.push(limits)
      const exit = new Promise<never>(() => {})
      return { channel, build, measurement: fill(48, 1), exit, kill: () => far.destroy() }
    },
  }
  const file = new OrderFile(join(folder, 'one'), job)
  const { chain } = recordingChain()
  const launched = await launchOrder(
    file,
    { ...job, generation: 1 },
    {
      ...{ environment, chain, key: providerKey, keepers: [], stores, collateral: async () => [] },
      rootfs: join(folder, 'rootfs'),
      config: new Uint8Array(),
      courier: newCourier(file, { chain, readOrder: async () => onChain() }),
      runFolder: join(folder, 'run'),
    },
  )
  return { launched, far, limits: given[0] }
}

/** A server on loopback that tells its name. */
async function named(name: string) {
  const server = createServer((_, response) => void response.end(name))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

test('an enclave that does not answer its host is provider/guest-silent, in time', async () => {
  using folder = scratch()
  const { launched, far } = await launchedGuest(folder.path)
  far.resume()
  await expect(launched.tellEnded(1_800_000_000, 50)).rejects.toMatchObject({ code: 'provider/guest-silent' })
  await launched.close()
})

test('a guest reaches its stores where the provider has them, and never where the buyer says', async () => {
  using folder = scratch()
  const [mine, buyers] = [await named('mine'), await named('chosen by the buyer')]
  const [known, unknown] = [fill(20, 16), fill(20, 17)]
  const job = sampleJob({ change: { stores: [known, unknown].map((address) => ({ address, url: buyers.url })) } })
  const { launched, far } = await launchedGuest(folder.path, { job, stores: new Map([[known, mine.url]]) })
  const guest = relay(socketDuplex(far))
  const said = (name: string) => fetchOver(guest, name)('http://store/').then((answer) => answer.text())
  expect(await said('store-0')).toBe('mine')
  await expect(said('store-1')).rejects.toThrow()
  await launched.close()
  for (const { server } of [mine, buyers]) server.close()
})

test.each([
  [599, (599 + 3600) * 1000],
  [600, LONGEST_WALL_MS],
  [3600, LONGEST_WALL_MS],
])('a guest of %d seconds in a term of 600, which may be extended, has %d ms', async (seconds, wallMs) => {
  using folder = scratch()
  const { spec } = sampleJob()
  const job = sampleJob({ change: { limits: { ...spec.limits, seconds } } })
  const { launched, limits } = await launchedGuest(folder.path, { job })
  expect(limits?.wallMs).toBe(wallMs)
  await launched.close()
})
