import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openBuildStore } from './buildStore.ts'
import { measureRootfs } from './measureRootfs.ts'

let folder: string
let rootfs: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'allod-measure-'))
  chmodSync(folder, 0o755)
  rootfs = join(folder, 'rootfs')
  mkdirSync(join(rootfs, 'app/deep'), { recursive: true })
  writeFileSync(join(rootfs, 'app/main.mjs'), 'main', { mode: 0o444 })
  writeFileSync(join(rootfs, 'app/deep/b'), 'b', { mode: 0o555 })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const refused = expect.objectContaining({ code: 'chip/rootfs-refused' })

test('names every file by path, mode and hash, sorted', async () => {
  const { files } = await measureRootfs(rootfs)
  expect(files.map(({ path, mode }) => [path, mode])).toEqual([
    ['app/deep/b', 0o555],
    ['app/main.mjs', 0o444],
  ])
})

test('a byte, a mode or a name changed is another build', async () => {
  const { build } = await measureRootfs(rootfs)
  chmodSync(join(rootfs, 'app/main.mjs'), 0o555)
  const mode = (await measureRootfs(rootfs)).build
  chmodSync(join(rootfs, 'app/main.mjs'), 0o644)
  writeFileSync(join(rootfs, 'app/main.mjs'), 'maim')
  chmodSync(join(rootfs, 'app/main.mjs'), 0o444)
  expect(new Set([build, mode, (await measureRootfs(rootfs)).build]).size).toBe(3)
})

test('copies the very bytes it measures, with their modes', async () => {
  const copy = join(folder, 'copy')
  const { build } = await measureRootfs(rootfs, copy)
  expect((await measureRootfs(copy)).build).toBe(build)
  expect(readFileSync(join(copy, 'app/main.mjs'), 'utf8')).toBe('main')
  expect(statSync(join(copy, 'app/main.mjs')).mode & 0o777).toBe(0o444)
})

test('refuses a link, to a file or to a folder: chip/rootfs-refused', async () => {
  symlinkSync('/etc/passwd', join(rootfs, 'app/link'))
  await expect(measureRootfs(rootfs)).rejects.toEqual(refused)
  rmSync(join(rootfs, 'app/link'))
  symlinkSync('/etc', join(rootfs, 'etc'))
  await expect(measureRootfs(rootfs)).rejects.toEqual(refused)
})

test('refuses more entries than its bound', async () => {
  const origin = join(rootfs, 'app/main.mjs')
  for (let i = 0; i < 8200; i++) linkSync(origin, join(rootfs, `l${i}`))
  await expect(measureRootfs(rootfs)).rejects.toEqual(refused)
})

test('the store starts from its own copy, whatever becomes of the original', async () => {
  const store = await openBuildStore(join(folder), folder)
  const { build, dir } = await store.admit(rootfs)
  chmodSync(join(rootfs, 'app/main.mjs'), 0o644)
  writeFileSync(join(rootfs, 'app/main.mjs'), 'evil')
  expect((await measureRootfs(dir)).build).toBe(build)
})

test('the store does not start a copy that was tampered with', async () => {
  const store = await openBuildStore(folder, folder)
  const { dir } = await store.admit(rootfs)
  chmodSync(join(dir, 'app/main.mjs'), 0o644)
  writeFileSync(join(dir, 'app/main.mjs'), 'evil')
  const again = await store.admit(rootfs)
  expect(readFileSync(join(again.dir, 'app/main.mjs'), 'utf8')).toBe('main')
  expect((await measureRootfs(again.dir)).build).toBe(again.build)
})

test('the store keeps one copy of a build and no leftovers', async () => {
  const store = await openBuildStore(folder, folder)
  const { build } = await store.admit(rootfs)
  await store.admit(rootfs)
  expect(readdirSync(join(folder, 'builds'))).toEqual([build])
})

test('the store admits one build twice at once', async () => {
  const store = await openBuildStore(folder, folder)
  const [a, b] = await Promise.all([store.admit(rootfs), store.admit(rootfs)])
  expect(a).toEqual(b)
  expect(readdirSync(join(folder, 'builds'))).toEqual([a.build])
})

test('the store refuses a root filesystem that changes under it: chip/rootfs-changed', async () => {
  // Large enough that the second reading starts well after the first has passed the small file.
  writeFileSync(join(rootfs, 'app/zz-large'), Buffer.alloc(64 << 20), { mode: 0o444 })
  const store = await openBuildStore(folder, folder)
  const admitted = store.admit(rootfs)
  // Replaced as a whole: a file that is written in place may be found empty by both readings.
  const fresh = join(folder, 'fresh')
  let turn = 0
  const changing = setInterval(() => {
    writeFileSync(fresh, `main ${turn++}`, { mode: 0o444 })
    renameSync(fresh, join(rootfs, 'app/main.mjs'))
  }, 1)
  await expect(admitted.finally(() => clearInterval(changing))).rejects.toMatchObject({ code: 'chip/rootfs-changed' })
  expect(readdirSync(join(folder, 'builds'))).toEqual([])
})

test('the store keeps the copies used last over a restart, and nothing half-made', async () => {
  const builds = join(folder, 'builds')
  for (const [i, name] of ['a', 'b', 'c', 'd', 'e', 'f'].entries()) {
    mkdirSync(join(builds, name), { recursive: true })
    utimesSync(join(builds, name), 1000 + i, 1000 + i)
  }
  mkdirSync(join(builds, 'new-1234'))
  await openBuildStore(folder, folder)
  expect(readdirSync(builds).sort()).toEqual(['c', 'd', 'e', 'f'])
})
