import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { planRootfs, type StagedSource, stageRootfs } from './stageRootfs.ts'

const folder = mkdtempSync(join(tmpdir(), 'allod-stage-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// Small programs stand in for bubblewrap, so that the tests run without it.
const programs = { bwrap: '/usr/bin/true', prlimit: '/usr/bin/prlimit', node: '/usr/bin/env' }
const main: StagedSource = { path: 'app/main.mjs', from: Buffer.from('export {}'), layer: 'ours' }
let count = 0
const plan = (sources: readonly StagedSource[]) => planRootfs(sources, programs)

/** The files of a plan, written to a folder of their own. */
function stage(sources: readonly StagedSource[]) {
  const dir = join(folder, String(count++))
  const planned = plan(sources)
  stageRootfs(planned, dir)
  return { dir, files: planned.files }
}

test('the digest depends on paths, modes and bytes, not on where or when or in which order', () => {
  const other: StagedSource = { path: 'app/a.mjs', from: Buffer.from('1'), layer: 'ours' }
  const { build } = plan([main, other])
  expect(plan([other, main]).build).toBe(build)
  expect(plan([main, { ...other, from: Buffer.from('2') }]).build).not.toBe(build)
  expect(plan([main, { ...other, path: 'app/b.mjs' }]).build).not.toBe(build)
  expect(plan([main, { ...other, isExecutable: true }]).build).not.toBe(build)
})

test('brings the libraries that the programs load, where they look for them', () => {
  const { dir, files } = stage([main])
  const paths = files.map((f) => f.path)
  expect(paths.some((p) => /^(usr\/)?lib.*\/libc\.so\.6$/.test(p))).toBe(true)
  expect(paths.some((p) => /ld-linux/.test(p))).toBe(true)
  expect(paths).toContain('config.json')
  expect(readFileSync(join(dir, 'app/main.mjs'), 'utf8')).toBe('export {}')
})

test('is readable by every user and writable by none', () => {
  const { dir, files } = stage([main])
  for (const { path } of files) expect((statSync(join(dir, path)).mode & 0o777) | 0o111).toBe(0o555)
  for (const name of ['proc', 'dev', 'tmp', 'run', 'work', 'out'])
    expect(statSync(join(dir, name)).isDirectory()).toBe(true)
})

test('says of every file how large it is and who answers for it', () => {
  const { files } = plan([main])
  expect(files.find((f) => f.path === 'app/main.mjs')).toMatchObject({ sizeBytes: 9, layer: 'ours', mode: 0o444 })
  expect(files.find((f) => f.path === 'bin/prlimit')).toMatchObject({ layer: 'platform', mode: 0o555 })
})

test('refuses two files at one path: environments/file-staged-twice', () => {
  expect(() => plan([main, main])).toThrow(expect.objectContaining({ code: 'environments/file-staged-twice' }))
})

test('refuses a program whose library is not installed: environments/missing-library', () => {
  const broken = readFileSync('/usr/bin/prlimit')
  const at = broken.indexOf('libsmartcols.so.1\0')
  broken.write('libsmartcolz.so.1', at)
  const path = join(folder, 'broken')
  writeFileSync(path, broken, { mode: 0o755 })
  expect(() => planRootfs([main], { ...programs, prlimit: path })).toThrow(
    expect.objectContaining({ code: 'environments/missing-library' }),
  )
})
