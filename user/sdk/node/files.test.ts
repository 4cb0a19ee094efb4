import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { utf8 } from '@allod/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fillFolder, readJson, writeFileWhole, writeJson } from './files.ts'
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

const mode = (path: string) => statSync(path).mode & 0o7777
const modes = (path: string, name: string) =>
  ['', 'below', join('below', name), 'below/run'].map((p) => mode(join(path, p)))
const put = (name: string) => async (part: string) => {
  mkdirSync(join(part, 'below'))
  writeFileSync(join(part, 'below', name), 'new')
  chmodSync(join(part, 'below', name), 0o644)
  writeFileSync(join(part, 'below/run'), 'new')
  chmodSync(join(part, 'below/run'), 0o755)
  return name
}

test('gives others a folder to fill only where nothing lies, and what they fill it with to its owner only', async () => {
  const [made, empty, full] = [join(folder, 'deep/made'), join(folder, 'empty'), join(folder, 'full')]
  expect(await fillFolder(made, put('a'))).toBe('a')
  expect([readdirSync(join(made, 'below')), readdirSync(join(folder, 'deep'))]).toEqual([['a', 'run'], ['made']])
  expect(modes(made, 'a')).toEqual([0o700, 0o700, 0o600, 0o700])
  mkdirSync(empty)
  chmodSync(empty, 0o755)
  await fillFolder(empty, put('b'))
  expect([readdirSync(empty), readdirSync(join(empty, 'below'))]).toEqual([['below'], ['b', 'run']])
  expect(modes(empty, 'b')).toEqual([0o700, 0o700, 0o600, 0o700])
  mkdirSync(full)
  chmodSync(full, 0o755)
  writeFileSync(join(full, '.bashrc'), 'mine')
  await expect(fillFolder(full, put('c'))).rejects.toMatchObject({
    code: 'sdk/folder-not-empty',
    meta: { actual: full },
  })
  // No name is the folder we are in.
  await expect(fillFolder('', put('c'))).rejects.toMatchObject({ code: 'sdk/folder-not-empty' })
  for (const wrong of ['.bashrc', '.bashrc/below'])
    await expect(fillFolder(join(full, wrong), put('c'))).rejects.toMatchObject({ code: 'sdk/file-unwritable' })
  expect([mode(full), readdirSync(full), readFileSync(join(full, '.bashrc'), 'utf8')]).toEqual([
    0o755,
    ['.bashrc'],
    'mine',
  ])
})

test('a folder that was being filled when it was broken off is filled by the next run', async () => {
  mkdirSync(join(folder, 'empty'))
  for (const name of ['new', 'empty']) {
    const path = join(folder, name)
    const before = readdirSync(folder)
    let part = ''
    const broken = fillFolder(path, async (given) => {
      part = given
      await put('a')(given)
      expect([mode(given), existsSync(join(path, 'below'))]).toEqual([0o700, false])
      throw new Error('broken off')
    })
    await expect(broken).rejects.toThrow('broken off')
    expect([readdirSync(folder), existsSync(part)]).toEqual([before, false])
    // Killed, it removes nothing.
    mkdirSync(part)
    await put('a')(part)
    await fillFolder(path, put('b'))
    expect([readdirSync(path), readdirSync(join(path, 'below'))]).toEqual([['below'], ['b', 'run']])
    rmSync(part, { recursive: true, force: true })
  }
})

test('what got into a folder while it was being filled is not replaced', async () => {
  mkdirSync(join(folder, 'empty'))
  for (const [name, code] of [
    ['empty', 'sdk/folder-not-empty'],
    ['new', 'sdk/file-unwritable'],
  ] as const) {
    const path = join(folder, name)
    const late = fillFolder(path, async (part) => {
      await put('a')(part)
      mkdirSync(path, { recursive: true })
      await put('mine')(path)
    })
    await expect(late).rejects.toMatchObject({ code, meta: { actual: path } })
    expect([readdirSync(path), readdirSync(join(path, 'below'))]).toEqual([['below'], ['mine', 'run']])
  }
  expect(readdirSync(folder).sort()).toEqual(['empty', 'new'])
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
