import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cidOf, MAX_BLOB_BYTES, packRef, rawBody, rawRef, requireStorageReceipt } from '@allod/content'
import { httpStore } from '@allod/content/stores'
import { storeDemands } from '@allod/content/stores/compliance'
import { type Hex, newSigningKey } from '@allod/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { type RunningStore, type StoreOptions, startStore } from './startStore.ts'

const key = newSigningKey()
const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function newDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'allod-store-'))
  cleanups.push(() => rm(dir, { recursive: true }))
  return dir
}

async function started(more: Partial<StoreOptions> = {}) {
  const dir = more.dir ?? (await newDir())
  const options = { dir, key, host: '127.0.0.1', port: 0, quotaBytes: null, reserveBytes: 0, isSynced: true, ...more }
  const node: RunningStore = await startStore(options)
  cleanups.push(() => node.stop())
  const url = `http://127.0.0.1:${node.port}`
  return { dir, node, url, store: httpStore({ url, address: key.address }) }
}

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i & 255)
const digestOf = (content: Uint8Array): Hex => `0x${createHash('sha256').update(content).digest('hex')}`
const digest = digestOf(bytes)
const raw = rawRef(digest)
const path = `/blobs/${digest.slice(2)}`

const codeOf = async (response: Response): Promise<[number, string]> => [
  response.status,
  ((await response.json()) as { code: string }).code,
]

describe('a storage node', () => {
  for (const { name, run } of storeDemands) it(name, async () => run((await started()).store))
})

describe('reading over HTTP', () => {
  it('has the shape of the IPFS trustless gateway', async () => {
    const { url, store } = await started()
    await store.put(raw, rawBody(bytes))
    const response = await fetch(`${url}/ipfs/${cidOf(digest)}?format=raw`)
    expect(Buffer.compare(Buffer.from(await response.arrayBuffer()), bytes)).toBe(0)
    expect(response.headers.get('content-type')).toBe('application/vnd.ipld.raw')
    expect(response.headers.get('etag')).toBe(`"${cidOf(digest)}.raw"`)
    expect(response.headers.get('cache-control')).toContain('immutable')
    expect(response.headers.get('accept-ranges')).toBe('bytes')
  })

  it('says how large a blob is without sending it', async () => {
    const { url, store } = await started()
    await store.put(raw, rawBody(bytes))
    const response = await fetch(url + path, { method: 'HEAD' })
    expect([response.status, response.headers.get('content-length')]).toEqual([200, '1000'])
    expect((await response.arrayBuffer()).byteLength).toBe(0)
  })

  it.each([
    ['bytes=0-0', 206, 0, 1],
    ['bytes=10-19', 206, 10, 20],
    ['bytes=990-', 206, 990, 1000],
    ['bytes=-10', 206, 990, 1000],
    ['bytes=-5000', 206, 0, 1000],
    ['bytes=990-5000', 206, 990, 1000],
    ['bytes=0-1,5-6', 200, 0, 1000],
    ['bytes=-', 200, 0, 1000],
    ['lines=1-2', 200, 0, 1000],
  ])('answers the range %s', async (range, status, start, end) => {
    const { url, store } = await started()
    await store.put(raw, rawBody(bytes))
    const response = await fetch(url + path, { headers: { range } })
    expect(response.status).toBe(status)
    expect(Buffer.compare(Buffer.from(await response.arrayBuffer()), bytes.subarray(start, end))).toBe(0)
    if (status === 206) expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/1000`)
  })

  it.each(['bytes=1000-', 'bytes=20-10', 'bytes=-0'])('refuses the range %s: store/bad-range', async (range) => {
    const { url, store } = await started()
    await store.put(raw, rawBody(bytes))
    const response = await fetch(url + path, { headers: { range } })
    expect(response.headers.get('content-range')).toBe('bytes */1000')
    expect(await codeOf(response)).toEqual([416, 'store/bad-range'])
  })

  it('says store/not-found', async () => {
    const { url } = await started()
    expect(await codeOf(await fetch(url + path))).toEqual([404, 'store/not-found'])
    expect(await codeOf(await fetch(`${url + path}/receipt`))).toEqual([404, 'store/not-found'])
  })

  it.each([
    ['GET', '/'],
    ['GET', '//'],
    ['GET', '/blobs'],
    ['GET', '/blobs/xyz'],
    ['GET', `/blobs/${'AB'.repeat(32)}`],
    ['GET', `/blobs/../packs/${'ab'.repeat(32)}`],
    ['GET', '/blobs/%2e%2e%2f%2e%2e%2fetc%2fpasswd'],
    ['GET', '/ipfs/QmWATWQ7fVPP2EFGu71UkfnqhYXDYH566qy47CnJDgvs8u'],
    ['GET', '/ipfs/bafybeibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq'],
    ['DELETE', path],
    ['POST', path],
    ['PUT', '/health'],
    ['GET', '/has'],
  ])('refuses %s %s: store/bad-request', async (method, where) => {
    const { url } = await started()
    const [status, code] = await codeOf(await fetch(url + where, { method }))
    expect([status, code].join(' ')).toMatch(/400 store\/bad-request|404 store\/not-found/)
  })

  it('lets browsers of any origin in', async () => {
    const { url } = await started()
    const preflight = await fetch(url + path, { method: 'OPTIONS' })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-methods')).toContain('PUT')
    expect((await fetch(`${url}/health`)).headers.get('access-control-allow-origin')).toBe('*')
  })

  it.each([
    ['no JSON', 'hello'],
    ['a path that is no blob', JSON.stringify({ blobs: ['../key'] })],
    ['too much', `{"blobs":["${'x'.repeat(200_000)}"]}`],
  ])('refuses a question of %s: store/bad-request', async (_, body) => {
    const { url } = await started()
    expect(await codeOf(await fetch(`${url}/has`, { method: 'POST', body }))).toEqual([400, 'store/bad-request'])
  })

  it('refuses a question about more than a thousand blobs', async () => {
    const { url } = await started()
    const body = JSON.stringify({ blobs: Array.from({ length: 1001 }, () => path.slice(1)) })
    expect((await fetch(`${url}/has`, { method: 'POST', body })).status).toBe(400)
  })
})

describe('writing over HTTP', () => {
  it('by CID is the same as by digest, and receipted', async () => {
    const { url, store } = await started()
    const response = await fetch(`${url}/ipfs/${cidOf(digest)}`, { method: 'PUT', body: bytes })
    expect(response.status).toBe(201)
    requireStorageReceipt(await response.json(), { store: key.address, digest, sizeBytes: 1000 })
    expect(await store.has([raw])).toEqual([true])
    expect((await fetch(url + path, { method: 'PUT', body: bytes })).status).toBe(200)
  })

  it.each([
    ['another byte, and room for no other', Uint8Array.from(bytes).fill(9, 0, 1), 1000],
    ['its end missing', bytes.subarray(0, 999), null],
  ])('takes a blob anew whose file has %s', async (_, spoiled, quotaBytes) => {
    const { dir, url, store } = await started({ quotaBytes })
    await store.put(raw, rawBody(bytes))
    const file = join(dir, 'blobs', digest.slice(2, 4), digest.slice(2))
    await writeFile(file, spoiled)
    const wrong = Uint8Array.from(bytes).fill(8, 0, 1)
    expect((await fetch(url + path, { method: 'PUT', body: wrong })).status).toBe(422)
    expect(Buffer.compare(await readFile(file), spoiled)).toBe(0)
    expect((await fetch(url + path, { method: 'PUT', body: bytes })).status).toBe(200)
    expect(Buffer.compare(await readFile(file), bytes)).toBe(0)
  })

  it('counts a blob once that is put again', async () => {
    const { url, store } = await started()
    for (const status of [201, 200, 200]) {
      expect((await fetch(url + path, { method: 'PUT', body: bytes })).status).toBe(status)
      expect((await store.health()).usedBytes).toBe(1000)
    }
  })

  it('signs for what it has where it has no room to write it again', async () => {
    const { dir, node } = await started()
    expect((await fetch(`http://127.0.0.1:${node.port}${path}`, { method: 'PUT', body: bytes })).status).toBe(201)
    await node.stop()
    const { url } = await started({ dir, reserveBytes: Number.MAX_SAFE_INTEGER })
    const response = await fetch(url + path, { method: 'PUT', body: bytes })
    expect(response.status).toBe(200)
    requireStorageReceipt(await response.json(), { store: key.address, digest, sizeBytes: 1000 })
  })

  it.each([
    ['store/digest-mismatch', `${path}?size=1000`, Uint8Array.from(bytes).fill(9, 0, 1), 422],
    ['store/size-mismatch', `${path}?size=999`, bytes, 422],
    ['store/size-mismatch', `${path}?size=1001`, bytes, 422],
    ['store/too-large', `${path}?size=${MAX_BLOB_BYTES + 1}`, bytes, 413],
    ['store/bad-request', `${path}?size=-1`, bytes, 400],
    ['store/bad-request', `${path}?size=1000&chunk=65552`, bytes, 400],
    ['store/bad-request', `/packs/${digest.slice(2)}?size=1000&chunk=65536`, bytes, 400],
    ['store/bad-request', `/packs/${digest.slice(2)}?size=1000`, bytes, 400],
    ['store/digest-mismatch', `/packs/${digest.slice(2)}?size=1000&chunk=65552`, bytes, 422],
  ])('refuses %s: PUT %s', async (code, where, body, status) => {
    const { url, dir, store } = await started()
    expect(await codeOf(await fetch(url + where, { method: 'PUT', body }))).toEqual([status, code])
    expect(await store.has([raw])).toEqual([false])
    expect(await readdir(join(dir, 'incoming'))).toEqual([])
    expect((await store.health()).usedBytes).toBe(0)
  })

  it('takes no pack in which a chunk was changed: store/digest-mismatch', async () => {
    const { store } = await started()
    const chunkBytes = 65_552
    const content = new Uint8Array(chunkBytes + 100)
    const leaves = [content.subarray(0, chunkBytes), content.subarray(chunkBytes)].map((c) =>
      createHash('sha256').update(c).digest(),
    )
    const ref = packRef(chunkBytes, Buffer.concat(leaves))
    const changed = Uint8Array.from(content).fill(1, 65_600, 65_601)
    const put = (piece: Uint8Array) => store.put(ref, { sizeBytes: content.length, chunkBytes, pieces: () => [piece] })
    await expect(put(changed)).rejects.toMatchObject({ cause: { code: 'store/digest-mismatch' } })
    expect((await put(content)).digest).toBe(ref.digest)
  })

  it('asks for a length: store/length-required', async () => {
    const { url } = await started()
    const pieces = [bytes]
    const chunked = new ReadableStream<Uint8Array>({
      pull(controller) {
        const piece = pieces.pop()
        if (piece) controller.enqueue(piece)
        else controller.close()
      },
    })
    const init: RequestInit & { duplex: 'half' } = { method: 'PUT', body: chunked, duplex: 'half' }
    expect(await codeOf(await fetch(url + path, init))).toEqual([411, 'store/length-required'])
  })

  it('tells the sender of a large upload why it is refused, before it ends', async () => {
    const { store } = await started({ quotaBytes: 1000 })
    const large = rawBody(new Uint8Array(50_000_000))
    await expect(store.put(rawRef(digest), large)).rejects.toMatchObject({
      code: 'content/store-refused',
      cause: { code: 'store/quota-exceeded' },
    })
  })

  it('keeps to its quota: store/quota-exceeded', async () => {
    const { store, url } = await started({ quotaBytes: 1500 })
    await store.put(raw, rawBody(bytes))
    const other = new Uint8Array(1000)
    expect(
      await codeOf(await fetch(`${url}/blobs/${digestOf(other).slice(2)}`, { method: 'PUT', body: other })),
    ).toEqual([507, 'store/quota-exceeded'])
    expect(await store.health()).toMatchObject({ usedBytes: 1000, freeBytes: 500 })
    // What it holds already needs no room.
    await store.put(raw, rawBody(bytes))
  })

  it('leaves the machine its reserve: store/disk-full', async () => {
    const { url } = await started({ reserveBytes: 2 ** 60 })
    expect(await codeOf(await fetch(url + path, { method: 'PUT', body: bytes }))).toEqual([507, 'store/disk-full'])
  })

  it('takes so many uploads at once: store/busy, to be tried again', async () => {
    const { url } = await started({ limits: { uploads: 1 } })
    const slow = openUpload(url, 1000)
    await slow.started
    const response = await fetch(`${url}/blobs/${'11'.repeat(32)}?size=1000`, { method: 'PUT', body: bytes })
    expect(response.headers.get('retry-after')).toBe('1')
    expect(await codeOf(response)).toEqual([503, 'store/busy'])
    slow.end(bytes)
    expect(await slow.status).toBe(201)
  })

  it('counts one blob once, however many send it', async () => {
    const { store } = await started()
    await Promise.all(Array.from({ length: 10 }, () => store.put(raw, rawBody(bytes))))
    expect((await store.health()).usedBytes).toBe(1000)
  })
})

describe('a node that fails', () => {
  it('says so without details, and logs them: store/internal', async () => {
    const logged: unknown[] = []
    const { url, dir } = await started({ log: (error) => void logged.push(error) })
    await rm(join(dir, 'incoming'), { recursive: true })
    const response = await fetch(url + path, { method: 'PUT', body: bytes })
    const text = await response.clone().text()
    expect(await codeOf(response)).toEqual([500, 'store/internal'])
    expect(text).not.toContain(dir)
    expect(String(logged[0])).toContain('ENOENT')
  })
})

describe('a node that stops', () => {
  it('lets an upload under way end', async () => {
    const { url, node, dir } = await started()
    const slow = openUpload(url, 1000)
    await slow.started
    const stopped = node.stop()
    slow.end(bytes)
    expect(await slow.status).toBe(201)
    await stopped
    expect(Buffer.compare(await readFile(join(dir, 'blobs', digest.slice(2, 4), digest.slice(2))), bytes)).toBe(0)
  })

  it('does not wait for ever', async () => {
    const { url, node } = await started({ limits: { stopMs: 50 } })
    const slow = openUpload(url, 1000)
    await slow.started
    await node.stop()
    expect(await slow.status).toBeNull()
  })

  it('has everything when it is back, and sweeps what was half written', async () => {
    const dir = await newDir()
    const first = await started({ dir })
    await first.store.put(raw, rawBody(bytes))
    await first.node.stop()
    await mkdir(join(dir, 'incoming'), { recursive: true })
    await writeFile(join(dir, 'incoming', 'half'), 'x')
    const second = await started({ dir })
    expect(await second.store.has([raw])).toEqual([true])
    expect(await second.store.health()).toMatchObject({ usedBytes: 1000 })
    expect(await readdir(join(dir, 'incoming'))).toEqual([])
  })

  it('keeps nothing of an upload that breaks off', async () => {
    const { url, dir, store } = await started()
    const slow = openUpload(url, 1000)
    await slow.started
    slow.destroy()
    expect(await slow.status).toBeNull()
    await expect.poll(() => readdir(join(dir, 'incoming'))).toEqual([])
    expect(await store.has([raw])).toEqual([false])
  })
})

/** An upload that has begun and waits for its bytes. */
function openUpload(url: string, size: number) {
  const { hostname, port } = new URL(url)
  const headers = { expect: '100-continue' }
  const upload = request({ hostname, port, path: `${path}?size=${size}`, method: 'PUT', headers })
  const status = new Promise<number | null>((resolve) => {
    upload.on('response', (response) => resolve(response.resume().statusCode ?? null))
    upload.on('error', () => resolve(null))
  })
  upload.flushHeaders()
  return {
    status,
    // The node asks for the bytes once it has seen the head.
    started: new Promise<void>((resolve) => upload.on('continue', () => resolve())),
    end: (content: Uint8Array) => void upload.end(content),
    destroy: () => void upload.destroy(),
  }
}
