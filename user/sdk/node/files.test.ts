import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { utf8 } from '@allod/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { emptyFolder, readJson, writeFileWhole, writeJson } from './files.ts'
import { readNetwork } from './readNetwork.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'allod-files-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('writes a file whole, for its owner only, and leaves no part behind', async () => {
  await writeJson(join(folder, 'a.json'), { b: 1 })
  expect(await readJson(join(folder, 'a.json'))).toEqual({ b: 1 })
  expect(statSync(join(folder, 'a.json')).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder)).toEqual(['a.json'])
})

test('gives others a folder to fill only where nothing lies, and changes the rights of its own only', async () => {
  const mode = (path: string) => statSync(path).mode & 0o7777
  const [made, empty, full] = [join(folder, 'deep/made'), join(folder, 'empty'), join(folder, 'full')]
  await emptyFolder(made)
  expect(mode(made)).toBe(0o700)
  mkdirSync(empty)
  chmodSync(empty, 0o1777)
  await emptyFolder(empty)
  expect(mode(empty)).toBe(0o1777)
  mkdirSync(full)
  chmodSync(full, 0o755)
  writeFileSync(join(full, '.bashrc'), 'mine')
  await expect(emptyFolder(full)).rejects.toMatchObject({ code: 'sdk/folder-not-empty', meta: { actual: full } })
  await expect(emptyFolder(join(full, '.bashrc'))).rejects.toMatchObject({ code: 'sdk/file-unwritable' })
  await expect(emptyFolder(join(full, '.bashrc/below'))).rejects.toMatchObject({ code: 'sdk/file-unwritable' })
  expect([mode(full), readdirSync(full), readFileSync(join(full, '.bashrc'), 'utf8')]).toEqual([
    0o755,
    ['.bashrc'],
    'mine',
  ])
})

test('says which file it could not write', async () => {
  await expect(writeFileWhole(join(folder, 'no/such/folder'), utf8('x'))).rejects.toMatchObject({
    code: 'sdk/file-unwritable',
  })
})

test('tells a missing file from one it cannot read', async () => {
  expect(await readJson(join(folder, 'none'))).toBeNull()
  writeFileSync(join(folder, 'broken'), '{')
  await expect(readJson(join(folder, 'broken'))).rejects.toMatchObject({ code: 'sdk/file-unreadable' })
  await expect(readJson(join(folder, 'broken'), 0)).rejects.toMatchObject({ code: 'sdk/file-unreadable' })
})

test('says how to get a network where there is none', async () => {
  await expect(readNetwork(join(folder, 'network.json'))).rejects.toMatchObject({
    code: 'sdk/no-network',
    hint: expect.stringContaining('npx allod up'),
  })
})
