import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import type { ConfidentialEnvironment } from '@allod/environments'
import { expect, test } from 'vitest'
import { build, fill, onChain, providerKey, recordingChain, sampleJob, scratch } from '../testing/samples.ts'
import { newCourier } from './courier.ts'
import { launchOrder } from './launchOrder.ts'
import { OrderFile } from './OrderFile.ts'

test('an enclave that does not answer its host is provider/guest-silent, in time', async () => {
  using folder = scratch()
  const [channel, far] = duplexPair()
  far.resume()
  const environment: ConfidentialEnvironment = {
    kind: 'unisolated',
    isolation: 'none',
    probe: async () => ({ isUsable: false, reason: 'not-linux', fix: 'this guest runs nowhere' }),
    launch: async () => ({
      ...{ channel, build, measurement: fill(48, 1) },
      exit: new Promise<never>(() => {}),
      kill: () => far.destroy(),
    }),
  }
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  const { chain } = recordingChain()
  const launched = await launchOrder(
    file,
    { ...sampleJob(), generation: 1 },
    {
      ...{ environment, chain, key: providerKey, keepers: [], collateral: async () => [] },
      rootfs: join(folder.path, 'rootfs'),
      config: new Uint8Array(),
      courier: newCourier(file, { chain, readOrder: async () => onChain() }),
      runFolder: join(folder.path, 'run'),
    },
  )
  await expect(launched.tellEnded(1_800_000_000, 50)).rejects.toMatchObject({ code: 'provider/guest-silent' })
  await launched.close()
})
