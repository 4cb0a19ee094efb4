import { mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer, request, type Server } from 'node:http'
import { createServer as createSocketServer } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { relay } from '@allod/channel'
import { addressOf, type Destinations, dial, nodeStream, socketDuplex, splice } from '@allod/channel/node'
import type { ConfidentialEnvironment, EnvironmentHandle, GuestLimits } from '@allod/environments'
import { type Hex, type JobDocument, type Json, type SigningKey, wallMs } from '@allod/protocol'
import type { ChainPort } from '../ChainPort.ts'
import type { Collateral } from '../collateral.ts'
import { fail } from '../errors.ts'
import { guestApi } from '../guest/guestApi.ts'
import { serveJson } from '../http/serveJson.ts'
import type { Courier } from './courier.ts'
import type { OrderFile } from './OrderFile.ts'

/** What every launch of this provider uses. */
export type LaunchPlace = {
  readonly environment: ConfidentialEnvironment
  readonly rootfs: string
  readonly config: Uint8Array
  readonly chain: ChainPort
  readonly courier: Courier
  readonly collateral: Collateral
  readonly key: SigningKey
  /** Where keepers are, by committee order. */
  readonly keepers: readonly string[]
  /** Where stores are, by the key that signs their receipts. */
  readonly stores: ReadonlyMap<Hex, string>
  /** Folder for the sockets of running orders. */
  readonly runFolder: string
}

/** A running enclave and the socket on which clients reach it. */
export type Launched = {
  readonly exit: EnvironmentHandle['exit']
  readonly clientSocket: string
  /**
   * Tells the enclave that its order was ended, at a time in Unix seconds; clients cannot say this.
   * @throws provider/guest-silent
   */
  tellEnded(endedAt: number, limitMs?: number): Promise<void>
  close(): Promise<void>
}

const SLACK_BYTES = 512 << 20
/** For what comes before and after an engine's own time: votes, a start that is final, inputs, the result. */
const SPARE_SECONDS = 3600
const CLIENT_CONNECTIONS = 256
const TELL_MS = 5000

/**
 * Starts an environment for one generation of an order and connects its relay: to the committee's keepers and the spec's
 * stores by place, each where the provider's configuration has it, and to what the provider itself does for it. Every other
 * name is refused, and no address that the buyer wrote is dialled.
 * @throws environments/launch-failed and what `launch` throws
 */
export async function launchOrder(file: OrderFile, job: JobDocument, place: LaunchPlace): Promise<Launched> {
  const api = createServer(serveJson(guestApi(file, job, { ...place, isRebind: job.generation > 1 })))
  const handle = await place.environment.launch({ rootfs: place.rootfs, config: place.config, limits: limitsOf(job) })
  const connect = dial(destinations(job, place))
  const session = relay(socketDuplex(handle.channel), {
    onOpen: (name, stream) =>
      name === 'provider' ? void api.emit('connection', nodeStream(stream)) : connect(name, stream),
  })
  const clientSocket = join(place.runFolder, `${job.order.slice(2, 18)}-${job.generation}.sock`)
  const door = await openDoor(clientSocket, () => session.open('http').then(nodeStream))
  return {
    exit: handle.exit,
    clientSocket,
    tellEnded: (endedAt, limitMs = TELL_MS) =>
      withinMs(limitMs, async () => post(nodeStream(await session.open('host')), '/ended', { endedAt })),
    async close() {
      handle.kill()
      door.close()
      await session.close()
      await rm(clientSocket, { force: true })
    },
  }
}

async function withinMs(limitMs: number, work: () => Promise<void>): Promise<void> {
  const over = new AbortController()
  try {
    await Promise.race([
      work(),
      delay(limitMs, undefined, { signal: over.signal }).then(() => {
        throw fail('guest-silent', { expected: `an answer within ${limitMs} ms` })
      }),
    ])
  } finally {
    over.abort()
  }
}

function post(stream: Duplex, path: string, body: Json): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const headers = { 'content-type': 'application/json' }
  const outgoing = request({ createConnection: () => stream, method: 'POST', path, headers }, (incoming) => {
    incoming.resume()
    incoming.once('end', resolve)
  })
  outgoing.once('error', reject)
  outgoing.end(JSON.stringify(body))
  return promise
}

function destinations({ spec }: JobDocument, { keepers, stores }: LaunchPlace): Destinations {
  return Object.fromEntries([
    ...keepers.map((url, i) => [`keeper-${i}`, addressOf(url)] as const),
    ...spec.stores.flatMap(({ address }, i) => {
      const url = stores.get(address)
      return url === undefined ? [] : [[`store-${i}`, addressOf(url)] as const]
    }),
  ])
}

// The runtime itself needs room beside the engine: inputs lie in memory, as the engine's folders do.
function limitsOf(job: JobDocument): GuestLimits {
  const { memoryBytes, outputBytes } = job.spec.limits
  return {
    memoryBytes: 2 * memoryBytes + SLACK_BYTES,
    wallMs: wallMs(job, SPARE_SECONDS),
    processes: 1024,
    workBytes: memoryBytes,
    outBytes: outputBytes,
  }
}

async function openDoor(
  path: string,
  connect: () => Promise<ReturnType<typeof nodeStream>>,
): Promise<Server | ReturnType<typeof createSocketServer>> {
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 })
  await rm(path, { force: true })
  const server = createSocketServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    connect().then(
      (stream) => splice(stream, socket),
      () => socket.destroy(),
    )
  })
  server.maxConnections = CLIENT_CONNECTIONS
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
  return server
}
