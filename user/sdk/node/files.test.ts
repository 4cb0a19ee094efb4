import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { utf8 } from '@allod/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readJson, writeFileWhole, writeJson } from './files.ts'
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
