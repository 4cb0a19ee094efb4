import { connect, type Socket } from 'node:net'
import { splice } from '@allod/channel/node'
import { concat } from '@allod/protocol'
import type { GatewayLimits } from './limits.ts'
import { orderOfLabel } from './orderName.ts'
import { parseClientHello } from './parseClientHello.ts'
import type { Load } from './proxyHttp.ts'
import { addressOf, type RouteTable } from './RouteTable.ts'

/** A ClientHello that comes in more parts than this is not one from a TLS library. */
const MAX_PARTS = 64

/** Fatal alert unrecognized_name (RFC 6066 §3), all that a refused client is told. */
const UNRECOGNIZED_NAME = Uint8Array.of(21, 3, 3, 0, 2, 2, 112)

/**
 * Passes one TLS connection, unopened, to the enclave that its server name names: `<base32 of order id>.<domain>`.
 * Anything else gets a TLS alert.
 */
export async function routeTls(
  client: Socket,
  context: {
    readonly routes: RouteTable
    readonly limits: GatewayLimits
    readonly load: Load
    readonly domain: string
  },
): Promise<void> {
  const { routes, limits, load, domain } = context
  client.on('error', () => client.destroy())
  load.active += 1
  const timer = setTimeout(() => client.destroy(), limits.exchangeMs)
  client.once('close', () => {
    clearTimeout(timer)
    load.active -= 1
  })
  try {
    if (load.active > limits.active) throw new Error('busy')
    const { name, bytes } = await readHello(client, limits.helloMs)
    const order = name.endsWith(`.${domain}`) ? orderOfLabel(name.slice(0, -domain.length - 1)) : null
    const route = order && routes.find([order], null)
    if (!route?.tlsTarget || route.active >= limits.activePerRoute) throw new Error('no such name')
    route.active += 1
    client.once('close', () => {
      route.active -= 1
    })
    const upstream = connect({ ...addressOf(route.tlsTarget), allowHalfOpen: true })
    // Covers connecting too: until then there is no activity.
    upstream.setTimeout(limits.connectMs, () => upstream.destroy())
    upstream.once('connect', () => upstream.setTimeout(limits.idleMs))
    upstream.write(bytes)
    splice(client, upstream)
  } catch {
    client.end(UNRECOGNIZED_NAME, () => client.destroy())
  }
}

/** Reads until the server name is known; the bytes are passed on as they were. @throws as parseClientHello */
async function readHello(client: Socket, timeoutMs: number): Promise<{ name: string; bytes: Uint8Array }> {
  const timer = setTimeout(() => client.destroy(), timeoutMs)
  const parts: Uint8Array[] = []
  try {
    while (parts.length < MAX_PARTS) {
      parts.push(await nextPart(client))
      const bytes = concat(...parts)
      const name = parseClientHello(bytes)
      if (name !== null) return { name, bytes }
    }
    throw new Error('too many parts')
  } finally {
    clearTimeout(timer)
  }
}

function nextPart(client: Socket): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const onData = (bytes: Uint8Array): void => {
      client.pause()
      client.off('close', onClose)
      resolve(bytes)
    }
    const onClose = (): void => {
      client.off('data', onData)
      reject(new Error('closed'))
    }
    client.once('data', onData)
    client.once('close', onClose)
    client.once('end', onClose)
    client.resume()
  })
}
