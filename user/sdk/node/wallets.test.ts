import { chmodSync, linkSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newSigningKey, Secret } from '@allod/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseNetwork } from '../network/network.ts'
import { devnetDescription } from '../testing/network.ts'
import { devnetWallet } from './devnetWallet.ts'
import { passwordBytes, RANDOM_COST } from './keystore.ts'
import { createWallet, listWallets, openWallet } from './wallets.ts'

const password = () => new Secret(passwordBytes('correct horse'))
let folder = ''
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'allod-wallets-')), 'keystore')
})
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }))

test('keeps a wallet where only its owner can read it', async () => {
  const { key } = await createWallet(folder, 'ada', password(), { cost: RANDOM_COST })
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  expect(statSync(join(folder, 'ada.json')).mode & 0o777).toBe(0o600)
  expect((await openWallet(folder, 'ada', password())).key.address).toBe(key.address)
})

test('imports a key and lists wallets without opening them', async () => {
  const key = newSigningKey()
  await createWallet(folder, 'bob', password(), { key, cost: RANDOM_COST })
  expect(await listWallets(folder)).toEqual([{ name: 'bob', address: key.address, path: join(folder, 'bob.json') }])
  expect(await listWallets(join(folder, 'nowhere'))).toEqual([])
})

test('lists every wallet there is, however many', async () => {
  await createWallet(folder, 'w0', password(), { cost: RANDOM_COST })
  const count = 1001
  for (let i = 1; i < count; i++) linkSync(join(folder, 'w0.json'), join(folder, `w${i}.json`))
  expect(await listWallets(folder)).toHaveLength(count)
})

test('never overwrites a wallet', async () => {
  await createWallet(folder, 'ada', password(), { cost: RANDOM_COST })
  await expect(createWallet(folder, 'ada', password())).rejects.toMatchObject({ code: 'sdk/wallet-exists' })
})

test('refuses a name that could leave its folder', async () => {
  for (const name of ['../ada', 'Ada', '', 'a/b', 'a'.repeat(33)])
    await expect(openWallet(folder, name, password())).rejects.toMatchObject({ code: 'sdk/bad-wallet-name' })
})

test('names the wallets there are when asked for another', async () => {
  await createWallet(folder, 'ada', password(), { cost: RANDOM_COST })
  await expect(openWallet(folder, 'eve', password())).rejects.toMatchObject({
    code: 'sdk/unknown-wallet',
    meta: { expected: ['ada'], actual: 'eve' },
  })
})

test('refuses a keystore that others may read', async () => {
  await createWallet(folder, 'ada', password(), { cost: RANDOM_COST })
  chmodSync(join(folder, 'ada.json'), 0o644)
  await expect(openWallet(folder, 'ada', password())).rejects.toMatchObject({ code: 'sdk/keystore-exposed' })
})

test('opens the wallets that a devnet brings, and says where there are none', async () => {
  const local = { network: parseNetwork(devnetDescription), folder: join(folder, '..'), path: '' }
  const wallets = join(folder, '..', 'wallets')
  const { key } = await createWallet(wallets, 'developer', password(), { cost: RANDOM_COST })
  await expect(devnetWallet(local, 'developer')).rejects.toMatchObject({ code: 'sdk/no-devnet-wallets' })
  writeFileSync(join(wallets, 'password'), 'correct horse\n', { mode: 0o600 })
  expect((await devnetWallet(local, 'developer')).key.address).toBe(key.address)
  const real = { ...local, network: { ...local.network, devnet: false } }
  await expect(devnetWallet(real, 'developer')).rejects.toMatchObject({ code: 'sdk/no-devnet-wallets' })
})
