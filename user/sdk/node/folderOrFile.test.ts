import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FolderSource } from '@allod/content'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { folderOrFile } from './folderOrFile.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'allod-source-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const textIn = async ({ files, read }: FolderSource): Promise<string> => {
  const parts: Uint8Array[] = []
  for (const file of files) for await (const part of read(file)) parts.push(part)
  return Buffer.concat(parts).toString()
}

test('takes one file for a folder of its own', async () => {
  writeFileSync(join(folder, 'rows.jsonl'), '{}\n')
  expect((await folderOrFile(join(folder, 'rows.jsonl'))).files).toEqual([
    { path: 'rows.jsonl', sizeBytes: 3, isExecutable: false },
  ])
  expect((await folderOrFile(folder)).files.map((f) => f.path)).toEqual(['rows.jsonl'])
  await expect(folderOrFile(join(folder, 'none'))).rejects.toMatchObject({ code: 'sdk/file-unreadable' })
  symlinkSync(join(folder, 'rows.jsonl'), join(folder, 'linked.jsonl'))
  const linked = await folderOrFile(join(folder, 'linked.jsonl'))
  expect([linked.files[0]?.path, await textIn(linked)]).toEqual(['linked.jsonl', '{}\n'])
})

test('reads a file that no memory need hold, piece by piece', async () => {
  const path = join(folder, 'weights.bin')
  writeFileSync(path, 'the beginning')
  truncateSync(path, 5 * 2 ** 30)
  const { files, read } = await folderOrFile(path)
  const [file] = files
  expect(file).toEqual({ path: 'weights.bin', sizeBytes: 5 * 2 ** 30, isExecutable: false })
  if (file === undefined) return
  for await (const piece of read(file)) {
    expect(Buffer.from(piece.subarray(0, 13)).toString()).toBe('the beginning')
    expect(piece.length).toBeLessThanOrEqual(1 << 20)
    break
  }
})

test('takes what comes through a pipe', async () => {
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const [source] = await Promise.all([folderOrFile(path), writeFile(path, 'rows')])
  expect([source.files[0]?.sizeBytes, await textIn(source)]).toEqual([4, 'rows'])
})

test('refuses a file that changed or went away since it was chosen', async () => {
  const path = join(folder, 'rows.jsonl')
  writeFileSync(path, '{}\n')
  const sources = [await folderOrFile(path), await folderOrFile(folder)]
  appendFileSync(path, '{}\n')
  for (const source of sources) await expect(textIn(source)).rejects.toMatchObject({ code: 'content/file-changed' })
  rmSync(path)
  for (const source of sources)
    await expect(textIn(source)).rejects.toMatchObject({ code: 'sdk/file-unreadable', meta: { actual: 'rows.jsonl' } })
})
