import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readConfig } from './config.ts'
import { account, build, committee, fill, scratch } from './testing/samples.ts'

const config = {
  version: 1,
  chainId: '31337',
  rpcUrls: ['http://127.0.0.1:1'],
  addresses: Object.fromEntries(
    ['token', 'catalog', 'assets', 'registry', 'trust', 'market'].map((name, i) => [name, fill(20, i)]),
  ),
  fromBlock: 0,
  finality: { kind: 'depth', blocks: 2 },
  account,
  build,
  rootfs: '/srv/rootfs',
  chip: '/run/chip.sock',
  gatewayAdmin: null,
  endpoints: null,
  committees: [{ committee, urls: ['http://127.0.0.1:2'] }],
  stores: [{ address: fill(20, 16), url: 'http://127.0.0.1:3' }],
  maxOrders: 4,
  maxMemoryBytes: null,
  maxOutputBytes: 1 << 28,
  isolation: 'bubblewrap',
}

const written = (folder: string, text: string): string => {
  const path = join(folder, 'config.json')
  writeFileSync(path, text)
  return path
}

test('a configuration is read as it was written', () => {
  using folder = scratch()
  expect(readConfig(written(folder.path, JSON.stringify(config)))).toEqual(config)
})

test('no file, and one that is not JSON, is provider/bad-config', () => {
  using folder = scratch()
  const bad = expect.objectContaining({ code: 'provider/bad-config' })
  expect(() => readConfig(join(folder.path, 'none.json'))).toThrow(bad)
  expect(() => readConfig(written(folder.path, '{'))).toThrow(bad)
})

test.each([
  { rpcUrls: [] },
  { stores: [] },
  { stores: ['http://127.0.0.1:3'] },
  { maxOrders: 0 },
  { maxMemoryBytes: 0 },
  { maxOutputBytes: '1' },
  { isolation: 'some' },
  { account: '0x00' },
  { surprise: 1 },
])('a configuration with %j is refused, naming the field', (change) => {
  using folder = scratch()
  const path = written(folder.path, JSON.stringify({ ...config, ...change }))
  expect(() => readConfig(path)).toThrow(
    expect.objectContaining({
      code: 'protocol/bad-shape',
      meta: expect.objectContaining({ path: expect.stringContaining('$') }),
    }),
  )
})

test.each([
  ['provider/https-inside', 'a store', 'https://store.example'],
  ['provider/https-inside', 'a keeper', 'https://keeper.example:8443'],
  ['provider/bad-config', 'a store', 'http://[::1'],
])('%s for %s at %s, which no enclave would reach', (code, what, url) => {
  using folder = scratch()
  const [stores, committees] = [[{ address: fill(20, 16), url }], [{ committee, urls: [url] }]]
  const changed = { ...config, ...(what === 'a store' ? { stores } : { committees }) }
  expect(() => readConfig(written(folder.path, JSON.stringify(changed)))).toThrow(
    expect.objectContaining({ code, meta: expect.objectContaining({ actual: url }) }),
  )
})
