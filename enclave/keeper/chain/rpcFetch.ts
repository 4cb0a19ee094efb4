import { isIP } from 'node:net'
import { connect } from 'node:tls'
import { fetchOver, nodeStream, type Opener, socketDuplex } from '@allod/channel/node'

const LIMITS = { maxBodyBytes: 8 << 20, headTimeoutMs: 10_000, idleTimeoutMs: 10_000 } as const

/**
 * A fetch that asks one RPC endpoint through the relay, at its own URL whatever it is given. TLS of an https endpoint ends
 * here: the host carries bytes that it cannot read or answer.
 * @param options.roots PEM certificates to trust instead of those that Node ships
 */
export function rpcFetch(
  relay: Opener,
  { name, url }: { readonly name: string; readonly url: string },
  { roots }: { readonly roots?: readonly string[] } = {},
): typeof fetch {
  const { protocol, hostname } = new URL(url)
  const opener = protocol === 'https:' ? overTls(relay, hostname, roots) : relay
  const send = fetchOver(opener, name, LIMITS)
  return (_, init) => send(url, init)
}

const overTls = (relay: Opener, host: string, roots: readonly string[] | undefined): Opener => ({
  async open(name) {
    const socket = connect({
      socket: nodeStream(await relay.open(name)),
      host,
      ...(isIP(host) ? {} : { servername: host }),
      minVersion: 'TLSv1.3',
      ...(roots ? { ca: [...roots] } : {}),
    })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    socket.once('secureConnect', resolve)
    socket.once('error', reject)
    await promise
    return socketDuplex(socket)
  },
})
