import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Json, newSigningKey, Secret } from '@allod/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decryptKey, encryptKey, keystoreAddress, passwordBytes, RANDOM_COST } from './keystore.ts'

const password = () => new Secret(passwordBytes('a long enough password'))
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'allod-keystore-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const sealed = async () => {
  const key = newSigningKey()
  return { key, keystore: await encryptKey(key, password(), RANDOM_COST) }
}

test('opens what it sealed', async () => {
  const { key, keystore } = await sealed()
  const opened = await decryptKey(JSON.parse(JSON.stringify(keystore)), password())
  expect(opened.address).toBe(key.address)
  expect(opened.secret.expose()).toEqual(key.secret.expose())
  expect(keystoreAddress(keystore)).toBe(key.address)
})

test('refuses another password', async () => {
  const { keystore } = await sealed()
  await expect(decryptKey(keystore, new Secret(passwordBytes('guess')))).rejects.toMatchObject({
    code: 'sdk/wrong-password',
  })
})

test('refuses a keystore of a kind it does not read', async () => {
  const { keystore } = await sealed()
  for (const broken of [null, {}, { ...(keystore as object), version: 1 }, { version: 3, Crypto: {} }])
    await expect(decryptKey(broken, password())).rejects.toMatchObject({ code: 'sdk/bad-keystore' })
})

test('never writes the key in the open', async () => {
  const { key, keystore } = await sealed()
  expect(JSON.stringify(keystore)).not.toContain(Buffer.from(key.secret.expose()).toString('hex'))
})

test('is opened by cast, and opens what cast wrote', async () => {
  const { key, keystore } = await sealed()
  const ours = write('ours.json', keystore)
  const address = cast(['wallet', 'address', '--keystore', ours, '--password', 'a long enough password'])
  expect(address.trim().toLowerCase()).toBe(key.address)

  cast(['wallet', 'new', folder, 'theirs', '--unsafe-password', 'a long enough password'])
  const theirs = JSON.parse(readFileSync(join(folder, 'theirs'), 'utf8'))
  const opened = await decryptKey(theirs, password())
  const said = cast(['wallet', 'address', '--keystore', join(folder, 'theirs'), '--password', 'a long enough password'])
  expect(opened.address).toBe(said.trim().toLowerCase())
})

function write(name: string, value: Json): string {
  const path = join(folder, name)
  writeFileSync(path, JSON.stringify(value), { mode: 0o600 })
  return path
}

function cast(args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('cast', args, {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  })
  if (status !== 0) throw new Error(`cast ${args[0]} failed: ${stderr}`)
  return stdout
}
