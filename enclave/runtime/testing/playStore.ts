import type { BlobRef } from '@allod/content'
import type { Store } from '@allod/content/stores'
import type { Hex, Json } from '@allod/protocol'

/** Answers a store's HTTP requests out of memory, as a storage node would. */
export async function playStore(store: Store, path: string, init: RequestInit = {}): Promise<Response> {
  const { pathname, searchParams } = new URL(path, 'http://store')
  if (pathname === '/has') {
    const { blobs } = JSON.parse(String(init.body)) as { blobs: readonly string[] }
    return Response.json({ have: await store.has(blobs.map(refOf)) })
  }
  const ref = refOf(pathname.slice(1))
  if (init.method === 'PUT') {
    const bytes = new Uint8Array(await new Response(init.body ?? null).arrayBuffer())
    const chunkBytes = Number(searchParams.get('chunk'))
    const receipt = await store.put(ref, { sizeBytes: bytes.length, chunkBytes, pieces: () => [bytes] })
    return Response.json(receipt as Json)
  }
  const receipt = await store.stat(ref)
  if (receipt === null) return new Response(null, { status: 404 })
  if (pathname.endsWith('/receipt')) return Response.json(receipt as Json)
  const asked = /^bytes=(\d+)-(\d+)$/.exec(new Headers(init.headers).get('range') ?? '')
  const range = asked ? { start: Number(asked[1]), end: Number(asked[2]) + 1 } : null
  const parts = await Array.fromAsync(store.get(ref, range ? { range } : {}))
  return new Response(Buffer.concat(parts), { status: range ? 206 : 200 })
}

function refOf(path: string): BlobRef {
  const [folder, digest = ''] = path.split('/')
  return { kind: folder === 'packs' ? 'pack' : 'raw', digest: `0x${digest}` as Hex }
}
