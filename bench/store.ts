import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type BlobRef, type Body, type Manifest, packRef, parseManifest } from '@allod/content'
import { folderSource } from '@allod/content/node'
import { openObject } from '@allod/content/open'
import { sealFolder } from '@allod/content/seal'
import { httpStore, type Store } from '@allod/content/stores'
import { fromHex, type Hex, Secret, toHex } from '@allod/protocol'
import { median, peakMb, report, wallSeconds } from './measure.ts'
import { newSealing } from './sealing.ts'

/*
 * One storage node on this machine against `cp` and `sync` of the same bytes, by wall time, in turn in the same run: packs put
 * and hashed by the node, packs got and held against their leaves by the reader. Then an object is sealed to the node and
 * opened from it, for the memory that both ends needed at most.
 */

const MIB = 2 ** 20
const CHUNK_BYTES = MIB + 16
const PACKS = 8
const PACK_BYTES = 64 * CHUNK_BYTES
const AT_ONCE = 2
const ROUNDS = 5
const OBJECT_BYTES = 2048 * MIB
const MAX_MEMORY_MB = 256

const home = mkdtempSync(join(tmpdir(), 'allod-bench-'))
const children: ChildProcess[] = []

type Node = { readonly store: Store; readonly url: string; readonly child: ChildProcess }

async function startNode(name: string, ...more: string[]): Promise<Node> {
  const main = fileURLToPath(import.meta.resolve('@allod/store/main'))
  const args = [main, '--data', join(home, name), '--key', join(home, `${name}.key`), ...more]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const { port, address } = JSON.parse(line) as { port: number; address: Hex }
    const url = `http://127.0.0.1:${port}`
    return { child, url, store: httpStore({ url, address }) }
  }
  throw new Error('the node ended before it was ready')
}

async function stopNode({ child }: Node): Promise<void> {
  child.kill('SIGTERM')
  await once(child, 'close')
}

type Pack = { readonly ref: BlobRef; readonly body: Body; readonly leaves: readonly Buffer[] }

/** Packs that differ from round to round in their first bytes, so that none is there already. */
function newPacks(content: Buffer): readonly Pack[] {
  return Array.from({ length: PACKS }, (_, i) => {
    const bytes = content.subarray(i * PACK_BYTES, (i + 1) * PACK_BYTES)
    randomBytes(16).copy(bytes)
    const chunks = Array.from({ length: 64 }, (_, c) => bytes.subarray(c * CHUNK_BYTES, (c + 1) * CHUNK_BYTES))
    const leaves = chunks.map((chunk) => createHash('sha256').update(chunk).digest())
    const body = { sizeBytes: PACK_BYTES, chunkBytes: CHUNK_BYTES, pieces: () => chunks }
    return { ref: packRef(CHUNK_BYTES, Buffer.concat(leaves)), body, leaves }
  })
}

/** Runs `work` on every pack, so many at once. */
async function each(packs: readonly Pack[], work: (pack: Pack) => Promise<unknown>): Promise<void> {
  const left = [...packs]
  const lane = async (): Promise<void> => {
    for (let pack = left.pop(); pack !== undefined; pack = left.pop()) await work(pack)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
}

async function getVerified(store: Store, { ref, leaves }: Pack): Promise<void> {
  let hash = createHash('sha256')
  let [used, chunk] = [0, 0]
  for await (const piece of store.get(ref))
    for (let from = 0; from < piece.length; ) {
      const part = piece.subarray(from, from + CHUNK_BYTES - used)
      hash.update(part)
      used += part.length
      from += part.length
      if (used < CHUNK_BYTES) continue
      if (!hash.digest().equals(leaves[chunk++] as Buffer)) throw new Error('a chunk came back changed')
      hash = createHash('sha256')
      used = 0
    }
  if (chunk !== leaves.length) throw new Error('chunks are missing')
}

async function compare(): Promise<void> {
  const content = randomBytes(PACKS * PACK_BYTES)
  const [unsynced, synced] = [await startNode('unsynced', '--unsynced'), await startNode('synced')]
  const ratios = { put: [] as number[], putSynced: [] as number[], get: [] as number[] }
  for (let round = 0; round < ROUNDS; round++) {
    const [from, to] = [join(home, 'from'), join(home, 'to')]
    writeFileSync(from, content)
    execFileSync('sync', [from])
    const copy = await wallSeconds(() => {
      execFileSync('cp', [from, to])
      execFileSync('sync', [to])
    })
    rmSync(to)
    const packs = newPacks(content)
    ratios.put.push(copy / (await wallSeconds(() => each(packs, ({ ref, body }) => unsynced.store.put(ref, body)))))
    ratios.get.push(copy / (await wallSeconds(() => each(packs, (pack) => getVerified(unsynced.store, pack)))))
    ratios.putSynced.push(copy / (await wallSeconds(() => each(packs, ({ ref, body }) => synced.store.put(ref, body)))))
  }
  await stopNode(unsynced)
  await stopNode(synced)
  report('put to one store without fsync, of cp and sync', median(ratios.put), 'ratio', 0.35)
  report('put to one store with fsync, of cp and sync', median(ratios.putSynced), 'ratio', null)
  report('verified get from one store, of cp and sync', median(ratios.get), 'ratio', 0.6)
}

/** Peak memory of sealing to a node and of opening from it, each in a process that does nothing else, and of the node. */
async function memory(): Promise<void> {
  const folder = join(home, 'folder')
  mkdirSync(folder)
  writeFileSync(join(folder, 'model.safetensors'), '')
  truncateSync(join(folder, 'model.safetensors'), OBJECT_BYTES)
  const node = await startNode('memory', '--unsynced')
  for (const part of Object.keys(parts)) {
    const self = fileURLToPath(import.meta.url)
    execFileSync(process.execPath, [self, part, home, node.url, node.store.id], { stdio: 'inherit' })
  }
  report('peak memory of the storage node', peakMb(String(node.child.pid)), 'MB', MAX_MEMORY_MB)
  await stopNode(node)
}

type Sealed = { readonly manifest: Manifest; readonly dek: Hex }

const parts: Readonly<Record<string, (folder: string, store: Store) => Promise<void>>> = {
  async seal(folder, store) {
    const source = await folderSource(join(folder, 'folder'))
    const { manifest, dek } = await sealFolder(source, { ...(await newSealing()), stores: [store] })
    const sealed: Sealed = { manifest, dek: toHex(dek.expose()) }
    writeFileSync(join(folder, 'sealed.json'), JSON.stringify(sealed))
    report('peak memory of sealing 2 GiB', peakMb('self'), 'MB', MAX_MEMORY_MB)
  },
  async open(folder, store) {
    const sealed = JSON.parse(readFileSync(join(folder, 'sealed.json'), 'utf8')) as Sealed
    const [manifest, dek] = [parseManifest(sealed.manifest), new Secret(fromHex(sealed.dek))]
    let bytes = 0
    for await (const chunk of openObject({ manifest, dek, stores: [store], isTransient: true })) bytes += chunk.length
    if (bytes < OBJECT_BYTES) throw new Error(`opened ${bytes} bytes`)
    report('peak memory of opening 2 GiB', peakMb('self'), 'MB', MAX_MEMORY_MB)
  },
}

const [part, ...given] = process.argv.slice(2)
if (part === undefined)
  try {
    await compare()
    await memory()
  } finally {
    for (const child of children) child.kill('SIGKILL')
    rmSync(home, { recursive: true })
  }
else {
  rmSync(home, { recursive: true })
  const [folder, url, address] = given as [string, string, Hex]
  await parts[part]?.(folder, httpStore({ url, address }))
}
