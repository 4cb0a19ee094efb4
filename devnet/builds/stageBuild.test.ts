import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { stageBuild } from './stageBuild.ts'

const folder = mkdtempSync(join(tmpdir(), 'allod-builds-'))
afterEach(() => vi.unstubAllEnvs())
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a build without a sandbox is staged where there is no bubblewrap, and is another build', async () => {
  const sandboxed = await stageBuild('keeper', folder, { bwrap: '/usr/bin/true', prlimit: '/usr/bin/prlimit' })
  expect(existsSync(join(sandboxed.rootfs, 'bin/bwrap'))).toBe(true)
  vi.stubEnv('PATH', '/nonexistent')
  const plain = await stageBuild('keeper', folder, null)
  expect(['bin/bwrap', 'bin/prlimit'].filter((path) => existsSync(join(plain.rootfs, path)))).toEqual([])
  expect(plain.build).not.toBe(sandboxed.build)
  expect(await stageBuild('keeper', folder, null)).toEqual(plain)
})

test('a record that cannot be read is none: the build is staged again', async () => {
  const first = await stageBuild('keeper', folder, null)
  const record = join(folder, 'keeper.json')
  const whole = readFileSync(record, 'utf8')
  for (const text of ['', whole.slice(0, -1), 'null']) {
    writeFileSync(record, text)
    expect(await stageBuild('keeper', folder, null)).toEqual(first)
    expect(readFileSync(record, 'utf8')).toBe(whole)
  }
})

test('a death between a build and its record leaves no record of the build before', async () => {
  const plain = await stageBuild('keeper', folder, null)
  // Where the record is written first, a folder is in its way.
  const inTheWay = join(folder, 'keeper.json.part')
  mkdirSync(inTheWay)
  const sandbox = { bwrap: '/usr/bin/true', prlimit: '/usr/bin/prlimit' }
  await expect(stageBuild('keeper', folder, sandbox)).rejects.toThrow(inTheWay)
  rmSync(inTheWay, { recursive: true })
  expect(await stageBuild('keeper', folder, null)).toEqual(plain)
  expect(existsSync(join(plain.rootfs, 'bin/bwrap'))).toBe(false)
})
