import { fromHex, type Hex, toHex } from '@allod/protocol'
import { describe, expect, it } from 'vitest'
import { stream } from '../reference/reference.ts'
import { folderOf, streamed } from '../testing/fixtures.ts'
import { codeOf, vectorsOf } from '../testing/vectors.ts'
import { decodeTree, encodeTree, treeHash, treeOf } from './tree.ts'

const vectors = vectorsOf<{ name: string; blob: Hex; treeHash: Hex; code: string | null }[]>('trees')

describe('tree', () => {
  it('has all its vectors', () => expect(vectors.length).toBe(11))

  // content/bad-tree, content/bad-path, content/blob-mismatch
  it.each(vectors)('is read or refused: $name', async ({ blob, treeHash: hash, code }) => {
    expect(await codeOf(() => decodeTree(fromHex(blob), hash))).toBe(code)
    if (code !== null) return
    const tree = decodeTree(fromHex(blob), hash)
    expect(treeHash(tree)).toBe(hash)
    expect(toHex(encodeTree(tree))).toBe(blob)
  })

  it('of a folder is its files, their digests and the executable bit', async () => {
    const expected = vectors.find((v) => v.name === 'two files') as { treeHash: Hex }
    const folder = folderOf({ 'config.json': stream('config.json', 100), 'tools/run': stream('tools/run', 10) })
    const executable = folder.files.map((f) => ({ ...f, isExecutable: f.path === 'tools/run' }))
    expect(treeHash(await treeOf({ ...folder, files: executable }))).toBe(expected.treeHash)
    expect(treeHash(await treeOf(folder))).not.toBe(expected.treeHash)
  })

  it('refuses a folder whose file is not as long as listed: content/file-changed', async () => {
    const files = [{ path: 'a', sizeBytes: 2, isExecutable: false }]
    expect(await codeOf(() => treeOf({ files, read: () => streamed(new Uint8Array(3)) }))).toBe('content/file-changed')
  })
})
