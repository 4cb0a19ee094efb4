import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { comparePaths, type FolderSource, requirePath } from '../folder.ts'
import { collect, folderOf, streamed, testBytes } from '../testing/fixtures.ts'
import { memoryFolder } from '../testing/memoryFolder.ts'
import { codeOf, vectorsOf } from '../testing/vectors.ts'
import { extractFolder } from './extractFolder.ts'
import { decodeEntry, encodeEntry } from './ustar.ts'
import { archiveLength, writeArchive } from './writeArchive.ts'

type Good = {
  name: string
  files: { path: string; text: string; isExecutable: boolean }[]
  length: number
  sha256: string
}
type Bad = { name: string; base64: string; code: string }
const { good, bad } = vectorsOf<{ good: Good[]; bad: Bad[] }>('archives')

const sourceOf = (files: Good['files']): FolderSource => ({
  files: files.map(({ path, text, isExecutable }) => ({ path, isExecutable, sizeBytes: Buffer.byteLength(text) })),
  read: (file) => streamed(Buffer.from(files.find((f) => f.path === file.path)?.text ?? '')),
})

describe('archive', () => {
  it('has all its vectors', () => expect([good.length, bad.length]).toEqual([5, 37]))

  it.each(good)('is written as the reference writes it, and read back: $name', async ({ files, length, sha256 }) => {
    const source = sourceOf(files)
    const archive = await collect(writeArchive(source))
    expect(archive.length).toBe(length)
    expect(archiveLength(source.files)).toBe(length)
    expect(`0x${createHash('sha256').update(archive).digest('hex')}`).toBe(sha256)
    const folder = memoryFolder()
    expect(await extractFolder(streamed(archive, 100), folder, { isPadded: false })).toEqual(source.files)
    const found = [...folder.files.values()].map(({ entry, bytes }) => [entry.path, Buffer.from(bytes).toString()])
    expect(found).toEqual(files.map(({ path, text }) => [path, text]))
  })

  // content/bad-archive, content/bad-path
  it.each(bad)('is refused when it has $name', async ({ base64, code }) => {
    const folder = memoryFolder()
    const archive = Buffer.from(base64, 'base64')
    expect(await codeOf(() => extractFolder(streamed(archive, 300), folder, { isPadded: false }))).toBe(code)
    expect(folder.openCount()).toBe(0)
  })

  it('may be followed by zeros where it is padded, by nothing else', async () => {
    const archive = await collect(writeArchive(folderOf({ a: testBytes(700) })))
    const extract = (more: Uint8Array) =>
      extractFolder(streamed(Buffer.concat([archive, more]), 999), memoryFolder(), { isPadded: true })
    expect(await codeOf(() => extract(new Uint8Array(5000)))).toBeNull()
    expect(await codeOf(() => extract(new Uint8Array(5000).fill(1, 4999)))).toBe('content/bad-archive')
  })

  it('brings back any folder, however its stream is cut', async () => {
    const name = fc.stringMatching(/^[a-zA-Z0-9._-]{1,40}$/).filter((n) => n !== '.' && n !== '..')
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
    const folders = fc.dictionary(path, fc.uint8Array({ maxLength: 2000 }), { maxKeys: 8 })
    await fc.assert(
      fc.asyncProperty(folders, fc.integer({ min: 1, max: 3000 }), async (files, cut) => {
        const paths = Object.keys(files).sort(comparePaths)
        fc.pre(!paths.some((p) => paths.some((q) => q.startsWith(`${p}/`))))
        const source = folderOf(Object.fromEntries(paths.map((p) => [p, files[p] as Uint8Array])))
        const folder = memoryFolder()
        const archive = await collect(
          writeArchive({ ...source, files: [...source.files].sort((a, b) => comparePaths(a.path, b.path)) }),
        )
        await extractFolder(streamed(archive, cut), folder, { isPadded: false })
        expect([...folder.files.keys()]).toEqual(paths)
        for (const p of paths)
          expect(Buffer.compare(folder.files.get(p)?.bytes ?? Buffer.from('?'), files[p] as Uint8Array)).toBe(0)
      }),
      { numRuns: 60 },
    )
  })

  it('never crashes on random bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 2000 }), async (bytes) => {
        expect(await codeOf(() => extractFolder(streamed(bytes, 512), memoryFolder(), { isPadded: true }))).toMatch(
          /^content\/bad-/,
        )
      }),
    )
  })

  it.each([8 ** 11 - 1, 8 ** 11, 2 ** 42])('holds a file of %d bytes', (sizeBytes) => {
    const file = { path: 'model.safetensors', sizeBytes, isExecutable: false }
    expect(decodeEntry(encodeEntry(file))).toEqual(file)
  })

  it('refuses a size beyond what can be counted', async () => {
    const block = encodeEntry({ path: 'a', sizeBytes: 2 ** 53 - 1, isExecutable: false })
    block[128] = 1
    expect(await codeOf(() => decodeEntry(block))).toBe('content/bad-archive')
  })

  it('refuses to write what changed since it was listed: content/file-changed', async () => {
    const source = folderOf({ a: testBytes(10) })
    for (const sizeBytes of [9, 11]) {
      const files = [{ path: 'a', sizeBytes, isExecutable: false }]
      expect(
        await codeOf(() =>
          collect(writeArchive({ files, read: () => source.read({ path: 'a', sizeBytes: 10, isExecutable: false }) })),
        ),
      ).toBe('content/file-changed')
    }
  })

  it('refuses a path that fits no header', async () => {
    const path = 'x'.repeat(120)
    expect(await codeOf(() => collect(writeArchive(folderOf({ [path]: testBytes(1) }))))).toBe('content/bad-path')
  })

  it('refuses to write more files than it reads: content/folder-too-large', async () => {
    const files = Array.from({ length: 65_537 }, (_, i) => ({
      path: String(i).padStart(6, '0'),
      sizeBytes: 0,
      isExecutable: false,
    }))
    const source = { files, read: () => streamed(new Uint8Array()) }
    expect(
      await codeOf(async () => {
        for await (const _ of writeArchive(source)) {
        }
      }),
    ).toBe('content/folder-too-large')
  })
})

describe('path', () => {
  it.each(['a', 'a/b/c', 'ä', '.hidden', 'a..b', '...', 'sp ace', 'x'.repeat(255)])('takes %j', (path) =>
    requirePath(path),
  )

  it.each([
    '',
    '/',
    '/a',
    'a/',
    'a//b',
    '.',
    '..',
    'a/../b',
    'a\\b',
    'a\0',
    'a\u007f',
    '\ud800',
    'A\u030a',
    'ä'.repeat(128),
  ])('refuses %j: content/bad-path', async (path) => {
    expect(await codeOf(() => requirePath(path))).toBe('content/bad-path')
  })

  it('is ordered by UTF-8 bytes, where UTF-16 order differs', () => {
    expect(comparePaths('\uffff', '\u{10000}')).toBeLessThan(0)
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        fc.pre(a.isWellFormed() && b.isWellFormed())
        expect(Math.sign(comparePaths(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)))
      }),
    )
  })
})
