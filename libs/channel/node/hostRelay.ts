import { lstatSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { AllodError } from '@allod/protocol'
import type { RelayStream } from '../relay/RelayStream.ts'
import { type Relay, relay } from '../relay/relay.ts'
import type { RelayOptions } from '../relay/Session.ts'
import { nodeFail } from './errors.ts'
import { nodeStream } from './nodeStream.ts'
import { socketDuplex } from './socketDuplex.ts'
import { splice } from './splice.ts'

/** Where a named destination is: a TCP address, a unix socket, or how to connect to it otherwise (TLS, say). */
export type Target = { readonly host: string; readonly port: number } | { readonly path: string } | (() => Duplex)

export type Destinations = { readonly [name: string]: Target }

/** The host's end of one guest's channel. */
export type HostRelay = Relay & {
  /** Resolves when the guest has connected. */
  readonly connected: Promise<void>
  /**
   * Listens on a unix socket and forwards each connection to the guest as a stream of this name ('http' unless told).
   * @throws channel/no-channel
   */
  expose(socketPath: string, name?: string): Promise<void>
}

/** Connecting to a destination takes at most this long. */
const CONNECT_MS = 10_000

/**
 * Listens on a unix socket for one guest and connects the streams it opens to the destinations named here, no others.
 * `open` waits for the guest. Closing ends the relay and every listener.
 * @throws channel/no-channel where the socket cannot be made
 * @example const host = await hostRelay('/run/order/channel.sock', { 'store:0': { host: '127.0.0.1', port: 8100 } })
 */
export async function hostRelay(
  socketPath: string,
  destinations: Destinations,
  options: Omit<RelayOptions, 'onOpen'> = {},
): Promise<HostRelay> {
  const servers = new Set<Server>()
  const started = Promise.withResolvers<Relay>()
  const over = Promise.withResolvers<AllodError | undefined>()
  const connected = started.promise.then(() => undefined)
  // Nobody may be waiting for a guest that never comes.
  connected.catch(() => undefined)
  const server = await listen(socketPath, (socket) => {
    // One guest, once: whoever connects later is not the guest that was launched.
    server.close()
    const session = relay(socketDuplex(socket), { ...options, onOpen: dial(destinations) })
    started.resolve(session)
    session.closed.then(over.resolve)
  })
  server.maxConnections = 1
  servers.add(server)
  over.promise.then(() => {
    for (const each of servers) each.close()
  })
  const open = async (name: string): Promise<RelayStream> => (await started.promise).open(name)
  return {
    open,
    connected,
    closed: over.promise,
    async close() {
      started.reject(nodeFail('no-channel', { hint: 'the host closed the channel before a guest came' }))
      await started.promise.then(
        (session) => session.close(),
        () => over.resolve(undefined),
      )
    },
    async expose(path, name = 'http') {
      const exposed = await listen(path, (socket) => {
        open(name).then(
          (stream) => splice(nodeStream(stream), socket),
          () => socket.destroy(),
        )
      })
      exposed.maxConnections = options.maxStreams ?? 128
      servers.add(exposed)
    },
  }
}

/**
 * The guest's end: connects to the host's unix socket.
 * @throws channel/no-channel
 */
export async function connectRelay(socketPath: string, options: RelayOptions = {}): Promise<Relay> {
  const socket = connect(socketPath)
  await settled(socket, CONNECT_MS)
  return relay(socketDuplex(socket), options)
}

/** An `onOpen` that connects each stream to the destination of its name, and refuses every other name. */
export function dial(destinations: Destinations): (name: string, stream: RelayStream) => Promise<void> {
  return async (name, stream) => {
    const target = Object.hasOwn(destinations, name) ? destinations[name] : undefined
    if (target === undefined) return stream.reset('refused')
    const socket = typeof target === 'function' ? target() : connect({ ...target, allowHalfOpen: true })
    try {
      await settled(socket, CONNECT_MS)
    } catch {
      return stream.reset('unreachable')
    }
    splice(nodeStream(stream), socket)
  }
}

function listen(path: string, onConnection: (socket: Socket) => void): Promise<Server> {
  // A socket file left by a process that died would refuse every listener after it.
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket()) rmSync(path)
  const server = createServer({ allowHalfOpen: true }, onConnection)
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(nodeFail('no-channel', { cause, meta: { path } })))
    server.listen(path, () => resolve(server))
  })
}

/** Resolves once connected. @throws channel/no-channel */
function settled(socket: Duplex & { readonly connecting?: boolean }, timeoutMs: number): Promise<void> {
  if (!socket.connecting) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(nodeFail('no-channel', { expected: timeoutMs })), timeoutMs)
    socket.once('connect', () => {
      clearTimeout(timer)
      resolve()
    })
    socket.once('error', (cause) => {
      clearTimeout(timer)
      reject(nodeFail('no-channel', { cause }))
    })
  })
}
