import { mkdir, readFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { RelayStream } from '@allod/channel'
import { addressOf, dial, fetchOver, nodeStream, splice } from '@allod/channel/node'
import { type GuestLimits, processEnvironment, unisolatedEnvironment } from '@allod/environments'
import { AllodError, LONGEST_WALL_MS } from '@allod/protocol'
import { fail } from './errors.ts'
import { type LogFile, openLogFile } from './log/openLogFile.ts'
import { type SupervisedGuest, superviseGuest } from './superviseGuest.ts'

export type KeeperOptions = {
  /** Folder for the decision log. */
  readonly data: string
  /** The chip's control socket. */
  readonly chip: string
  readonly rootfs: string
  /** The launch configuration; the guest sees exactly these bytes. */
  readonly configFile: string
  /** TCP port on loopback; 0 for any. */
  readonly port: number
  /** Relay name → URL of an RPC endpoint. */
  readonly rpcs: { readonly [name: string]: string }
  readonly isolation: 'bubblewrap' | 'none'
}

export type RunningKeeper = {
  readonly port: number
  /** What the keeper says of itself. */
  readonly status: { readonly [field: string]: unknown }
  stop(): Promise<void>
}

const LIMITS: GuestLimits = {
  memoryBytes: 1 << 30,
  wallMs: LONGEST_WALL_MS,
  processes: 128,
  workBytes: 1 << 20,
  outBytes: 1 << 20,
}
const READY_MS = 30_000
const EXIT_MS = 5000
const MAX_CONNECTIONS = 64

/**
 * Launches a keeper and connects it: RPC endpoints by name, its decision log to a file, TCP connections to its HTTP. Sees
 * bytes only, and keeps the keeper running.
 * @throws keeper-host/not-ready, keeper-host/bad-option, environments/…, chip/…
 */
export async function startKeeper(options: KeeperOptions): Promise<RunningKeeper> {
  const { data, chip, rootfs, configFile, port, rpcs, isolation } = options
  await mkdir(data, { recursive: true, mode: 0o700 })
  const config = await readFile(configFile)
  const log = await openLogFile(join(data, 'decisions.ndjson'))
  const connect = dial(Object.fromEntries(Object.entries(rpcs).map(([name, url]) => [name, addressOf(url)])))
  const onOpen = (name: string, stream: RelayStream): Promise<void> =>
    name === 'log' || name === 'log-tail' ? serveLog(log, name, stream) : connect(name, stream)
  const environment = (isolation === 'none' ? unisolatedEnvironment : processEnvironment)({ chip })
  let guest: SupervisedGuest | null = null
  try {
    guest = await superviseGuest(environment, { rootfs, config, limits: LIMITS }, onOpen, tell)
    const running = guest
    const status = await statusOf(running)
    const server = await listen(running, port)
    return {
      port: (server.address() as AddressInfo).port,
      status,
      async stop() {
        server.close()
        await running.stop()
        await log.close()
      },
    }
  } catch (error) {
    await guest?.stop()
    await log.close()
    throw error
  }
}

/** The keeper's status once it answers. One that ended instead says why in its exit, a moment after its channel closed. */
async function statusOf(guest: SupervisedGuest): Promise<RunningKeeper['status']> {
  const ended = guest.exit()
  try {
    const asked = fetchOver(guest, 'http')('http://keeper/status', { signal: AbortSignal.timeout(READY_MS) })
    const response = await Promise.race([asked, ended])
    if (response instanceof Response && response.ok) return (await response.json()) as RunningKeeper['status']
    throw fail('not-ready', { actual: response instanceof Response ? response.status : response.reason })
  } catch (cause) {
    const exit = await Promise.race([ended, delay(EXIT_MS, null, { ref: false })])
    throw fail('not-ready', { actual: exit?.reason ?? 'no answer', meta: { exit }, cause })
  }
}

async function listen(guest: SupervisedGuest, port: number): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    guest.open('http').then(
      (stream) => splice(nodeStream(stream), socket),
      () => socket.destroy(),
    )
  })
  server.maxConnections = MAX_CONNECTIONS
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  return server
}

async function serveLog(log: LogFile, name: 'log' | 'log-tail', stream: RelayStream): Promise<void> {
  try {
    await (name === 'log' ? log.keep(stream) : log.giveLast(stream))
    await stream.end()
  } catch (error) {
    stream.reset('failed')
    // A guest that ended takes its streams along; its exit says why.
    if (!(error instanceof AllodError && error.code.startsWith('channel/'))) tell(error)
  }
}

function tell(what: unknown): void {
  const text =
    what instanceof AllodError ? JSON.stringify(what) : what instanceof Error ? what.message : JSON.stringify(what)
  process.stderr.write(`${text.slice(0, 4000)}\n`)
}
