import { join } from 'node:path'
import {
  collect,
  createServiceKey,
  type Fields,
  openRequest,
  ReplaySet,
  SEALED_RESPONSE_TYPE,
  type ServiceKey,
  streamOf,
} from '@allod/channel'
import { connectRelay, hostRelay, serveHttp } from '@allod/channel/node'
import { fromUtf8, type Hex, isAllodError, utf8 } from '@allod/protocol'

export type Agent = {
  readonly key: ServiceKey
  /** Unix socket where its provider takes connections for it. */
  readonly socket: string
  /** Codes of what it refused. */
  readonly refused: string[]
  stop(): Promise<void>
}

const NO_FIELDS: Fields = []

/** An enclave's side as small as it can be: behind a host's relay, it answers sealed requests by echoing them as tokens. */
export async function startAgent(folder: string, name: string, orderId: Hex): Promise<Agent> {
  const key = { ...(await createServiceKey()), orderId, bundleHash: orderId, replays: new ReplaySet() }
  const refused: string[] = []
  const host = await hostRelay(join(folder, `${name}.guest`), {})
  const socket = join(folder, `${name}.http`)
  await host.expose(socket)
  const service = serveHttp(async (request) => {
    const url = new URL(request.url)
    if (url.pathname === '/evidence') return Response.json({ name, nonce: url.searchParams.get('nonce') })
    try {
      const opened = await openRequest([key], request.body ?? new Uint8Array())
      const said = fromUtf8(await collect(opened.body, 1e6))
      const sealed = opened.sealResponse({ status: 200, headers: NO_FIELDS }, tokens(said))
      return new Response(streamOf(sealed), { headers: { 'content-type': SEALED_RESPONSE_TYPE } })
    } catch (error) {
      refused.push(isAllodError(error) ? error.code : String(error))
      throw error
    }
  })
  const guest = await connectRelay(join(folder, `${name}.guest`), { onOpen: (_, stream) => service.accept(stream) })
  return { key, socket, refused, stop: () => guest.close() }
}

async function* tokens(text: string): AsyncGenerator<Uint8Array> {
  for (const word of text.split(' ')) yield utf8(`${word} `)
}
