import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret, toHex } from '@allod/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeArchive } from '../archive/writeArchive.ts'
import { openFolder } from '../open/openFolder.ts'
import { sealFolder } from '../seal/sealFolder.ts'
import { collect, sealOptions, testBytes } from '../testing/fixtures.ts'
import { memoryStore } from '../testing/memoryStore.ts'
import { codeOf } from '../testing/vectors.ts'
import { treeHash, treeOf } from '../tree/tree.ts'
import { fileJournal } from './fileJournal.ts'
import { folderSink, folderSource } from './folderOnDisk.ts'

let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'allod-content-'))
})
afterAll(() => rm(home, { recursive: true }))

/** A folder with two files, one of them a program. */
async function newFolder(name: string): Promise<string> {
  const dir = join(home, name)
  await mkdir(join(dir, 'tools'), { recursive: true })
  await writeFile(join(dir, 'model.bin'), testBytes(3_000_000))
  await writeFile(join(dir, 'tools', 'run'), '#!/bin/sh\n')
  await chmod(join(dir, 'tools', 'run'), 0o755)
  return dir
}

describe('a folder on disk', () => {
  it('goes through an object and comes back the same', async () => {
    const [dir, out] = [await newFolder('whole'), join(home, 'whole-out')]
    const stores = [memoryStore(), memoryStore()]
    const source = await folderSource(dir)
    const { manifest, dek } = await sealFolder(source, await sealOptions(stores))
    await openFolder({ manifest, dek, stores }, folderSink(out))
    expect(treeHash(await treeOf(await folderSource(out)))).toBe(treeHash(await treeOf(source)))
    expect((await stat(join(out, 'tools', 'run'))).mode & 0o111).not.toBe(0)
  })

  it('is read into buffers that are used again only once they come back', async () => {
    const source = await folderSource(await newFolder('buffers'))
    const file = source.files[0] as (typeof source.files)[0]
    const kept: Uint8Array[] = []
    for await (const piece of source.read(file)) kept.push(piece)
    expect(Buffer.compare(Buffer.concat(kept), testBytes(3_000_000))).toBe(0)
    const seen = new Set<ArrayBufferLike>()
    for await (const piece of source.read(file)) {
      seen.add(piece.buffer)
      source.release?.(piece)
      source.release?.(piece)
      source.release?.(new Uint8Array(10))
    }
    expect(seen.size).toBe(1)
    expect(Buffer.compare(Buffer.concat(kept), testBytes(3_000_000))).toBe(0)
  })

  it('makes an archive that tar reads', async () => {
    const [dir, out] = [await newFolder('tar'), join(home, 'tar-out')]
    await mkdir(out)
    const archive = await collect(writeArchive(await folderSource(dir)))
    execFileSync('tar', ['-x', '-C', out], { input: archive })
    expect(Buffer.compare(await readFile(join(out, 'model.bin')), testBytes(3_000_000))).toBe(0)
    expect(execFileSync('tar', ['-tv'], { input: archive, encoding: 'utf8' })).toMatch(
      /-rwxr-xr-x 0\/0 +10 1970-01-01 .* tools\/run/,
    )
  })

  it('is refused where it holds a link or a pipe: content/not-a-file', async () => {
    const linked = await newFolder('linked')
    await symlink('/etc/passwd', join(linked, 'passwd'))
    expect(await codeOf(() => folderSource(linked))).toBe('content/not-a-file')
    const piped = await newFolder('piped')
    execFileSync('mkfifo', [join(piped, 'pipe')])
    expect(await codeOf(() => folderSource(piped))).toBe('content/not-a-file')
  })

  it('is not followed where a file becomes a link after it was listed', async () => {
    const dir = await newFolder('swapped')
    const source = await folderSource(dir)
    await rm(join(dir, 'model.bin'))
    await symlink('/etc/passwd', join(dir, 'model.bin'))
    await expect(collect(writeArchive(source))).rejects.toThrow('ELOOP')
  })

  it.each([
    ['grew', (file: string) => appendFile(file, 'x')],
    ['shrank', (file: string) => truncate(file, 10)],
  ])('is refused where a file %s after it was listed: content/file-changed', async (name, change) => {
    const dir = await newFolder(name)
    const source = await folderSource(dir)
    await change(join(dir, 'model.bin'))
    expect(await codeOf(() => collect(writeArchive(source)))).toBe('content/file-changed')
  })

  it('is refused where it is too deep: content/folder-too-large', async () => {
    const dir = join(home, 'deep')
    await mkdir(join(dir, ...Array.from({ length: 40 }, () => 'd')), { recursive: true })
    expect(await codeOf(() => folderSource(dir))).toBe('content/folder-too-large')
  })

  it('shows no file that is not whole', async () => {
    const out = join(home, 'partial')
    const file = { path: 'a/b.txt', sizeBytes: 4, isExecutable: false }
    const sink = await folderSink(out).open(file)
    await sink.write(testBytes(2))
    await sink.discard()
    expect((await folderSource(out)).files).toEqual([])
    const again = await folderSink(out).open(file)
    await again.write(testBytes(4))
    await again.commit()
    expect((await folderSource(out)).files).toEqual([file])
  })
})

describe('a journal in a file', () => {
  const key = new Secret(new Uint8Array(32).fill(5))
  const start = () => ({ dek: new Secret(testBytes(32)), salt: testBytes(32, 2), chunkLog2: 20, isPadded: true })
  const leaves = testBytes(96, 3)

  it('survives, and is forgotten when it is cleared', async () => {
    const path = join(home, 'journal')
    const none = fileJournal(path, key)
    expect(await none.load()).toBeNull()
    await none.close()
    const journal = fileJournal(path, key)
    await journal.begin(start())
    await journal.append(leaves.subarray(0, 32))
    await journal.append(leaves.subarray(32))
    await journal.close()
    const again = fileJournal(path, key)
    const found = await again.load()
    expect(toHex(found?.start.dek.expose() ?? new Uint8Array())).toBe(toHex(testBytes(32)))
    expect({ ...found?.start, dek: null }).toEqual({ ...start(), dek: null })
    expect(found?.leafCount).toBe(3)
    expect(Buffer.compare(await again.leaves(0, 3), leaves)).toBe(0)
    expect(Buffer.compare(await again.leaves(1, 2), leaves.subarray(32, 64))).toBe(0)
    await again.clear()
    await again.close()
    expect(await fileJournal(path, key).load()).toBeNull()
  })

  it('goes on behind a leaf that a crash tore', async () => {
    const path = join(home, 'torn')
    const journal = fileJournal(path, key)
    await journal.begin(start())
    await journal.append(leaves)
    await journal.close()
    await truncate(path, (await stat(path)).size - 5)
    const again = fileJournal(path, key)
    expect((await again.load())?.leafCount).toBe(2)
    await again.append(leaves.subarray(64))
    expect((await again.load())?.leafCount).toBe(3)
    expect(Buffer.compare(await again.leaves(0, 3), leaves)).toBe(0)
  })

  it('forgets its leaves when another sealing begins', async () => {
    const journal = fileJournal(join(home, 'begun'), key)
    await journal.begin(start())
    await journal.append(leaves)
    await journal.begin(start())
    expect((await journal.load())?.leafCount).toBe(0)
  })

  it('shows the key to nobody: sealed, and readable by its owner alone', async () => {
    const path = join(home, 'secret')
    const journal = fileJournal(path, key)
    await journal.begin(start())
    await journal.close()
    expect((await readFile(path)).includes(Buffer.from(testBytes(32)))).toBe(false)
    expect((await stat(path)).mode & 0o077).toBe(0)
  })

  it('is refused under another key, and where it is broken: content/bad-journal', async () => {
    const path = join(home, 'broken')
    const codeUnder = async (secret: Secret) => {
      const journal = fileJournal(path, secret)
      return codeOf(() => journal.load().finally(() => journal.close()))
    }
    const journal = fileJournal(path, key)
    await journal.begin(start())
    await journal.close()
    expect(await codeUnder(new Secret(new Uint8Array(32)))).toBe('content/bad-journal')
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(200), (await readFile(path)).subarray(0, 60)]) {
      await writeFile(path, bytes)
      expect(await codeUnder(key)).toBe('content/bad-journal')
    }
  })

  it('is one sealing’s alone until it lets go: content/journal-busy', async () => {
    const path = join(home, 'alone')
    const [first, second] = [fileJournal(path, key), fileJournal(path, key)]
    await first.load()
    expect(await codeOf(() => second.load())).toBe('content/journal-busy')
    expect(await codeOf(() => second.begin(start()))).toBe('content/journal-busy')
    await first.close()
    await second.begin(start())
    expect(await codeOf(() => first.load())).toBe('content/journal-busy')
    await second.close()
  })

  it('is free again once the process that had it was killed', async () => {
    const path = join(home, 'killed')
    const program = `
      const { fileJournal } = await import(${JSON.stringify(join(import.meta.dirname, 'fileJournal.ts'))})
      const { Secret } = await import('@allod/protocol')
      await fileJournal(${JSON.stringify(path)}, new Secret(new Uint8Array(32))).load()
      process.stdout.write('has it')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      ...{ cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] },
    })
    await once(child.stdout, 'data')
    const journal = fileJournal(path, key)
    expect(await codeOf(() => journal.load())).toBe('content/journal-busy')
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await journal.load()).toBeNull()
    await journal.close()
  })
})
