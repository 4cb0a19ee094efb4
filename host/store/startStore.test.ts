import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { httpStore } from '@allod/content/stores'
import { storeDemands } from '@allod/content/stores/compliance'
import { newSigningKey } from '@allod/protocol'
import { afterEach, describe, it } from 'vitest'
import { type RunningStore, startStore } from './startStore.ts'

const running: { store: RunningStore; dir: string }[] = []
afterEach(async () => {
  for (const { store, dir } of running.splice(0)) {
    await store.stop()
    await rm(dir, { recursive: true })
  }
})

async function started() {
  const dir = await mkdtemp(join(tmpdir(), 'allod-store-'))
  const key = newSigningKey()
  const store = await startStore({
    dir,
    key,
    host: '127.0.0.1',
    port: 0,
    quotaBytes: null,
    reserveBytes: 0,
    isSynced: false,
  })
  running.push({ store, dir })
  return httpStore({ url: `http://127.0.0.1:${store.port}`, address: key.address })
}

describe('a storage node over HTTP', () => {
  for (const { name, run } of storeDemands) it(name, async () => run(await started()))
})
