import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { type AllodError, errorFromJson, errorsOf, type Hex, hex, record, type Shaped } from '@allod/protocol'
import type { WatchedExit } from '@allod/sandbox/node'
import type { GuestLimits } from './guestLimits.ts'

const fail = errorsOf('environments', {
  'chip-unreachable': ['the simulated chip does not answer', 'start it: allod up'],
})

/** Ways in which the simulated chip lies on request, so that everybody who should refuse it can be seen to. */
export const misbehaviours = ['debug', 'old-tcb', 'other-bundle', 'spliced-gpu'] as const
export type Misbehaviour = (typeof misbehaviours)[number]

const infoShape = record({ root: hex(32), chipId: hex(32), machine: hex(32) })

/** Who the chip is: the root to trust, and the machine id that providers register. */
export type ChipInfo = Shaped<typeof infoShape>

/** What the chip is asked to launch. */
export type ChipLaunch = {
  readonly rootfs: string
  readonly config: Uint8Array
  readonly limits: GuestLimits
  /** The unix socket on which the host listens for the guest. */
  readonly channel: string
  readonly isolation: 'bubblewrap' | 'none'
}

export type ChipGuest = {
  readonly build: Hex
  readonly measurement: Hex
  readonly exit: Promise<WatchedExit>
  kill(): void
}

/** Asks the chip who it is. @throws environments/chip-unreachable */
export async function chipInfo(socketPath: string): Promise<ChipInfo> {
  const line = await ask(socketPath, { op: 'info' })
  const { info } = await line.next()
  line.end()
  return infoShape(info)
}

/** Tells the chip how to lie from now on; an empty list makes it honest. @throws environments/chip-unreachable */
export async function chipMisbehave(socketPath: string, flags: readonly Misbehaviour[]): Promise<void> {
  const line = await ask(socketPath, { op: 'misbehave', flags })
  await line.next()
  line.end()
}

/**
 * Has the chip measure and launch a guest. The guest lives no longer than this connection.
 * @throws environments/chip-unreachable, and the chip's refusals
 */
export async function chipLaunch(socketPath: string, launch: ChipLaunch): Promise<ChipGuest> {
  const config = Buffer.from(launch.config).toString('base64url')
  const line = await ask(socketPath, { op: 'launch', ...launch, config })
  const started = await line.next()
  const { build, measurement } = record({ build: hex(32), measurement: hex(48) })(started.started)
  const exit = line.next().then(
    (message) => message.exit as WatchedExit,
    (): WatchedExit => ({ reason: 'exit', code: null, signal: 'SIGKILL', peakBytes: 0, tail: 'the chip ended' }),
  )
  void exit.then(() => line.end())
  return { build, measurement, exit, kill: () => line.send({ op: 'kill' }) }
}

type Line = { send(message: unknown): void; next(): Promise<Record<string, unknown>>; end(): void }

/** One request, then the chip's lines, one at a time. */
async function ask(socketPath: string, request: unknown): Promise<Line> {
  const socket = await open(socketPath)
  const reader = createInterface({ input: socket })
  // A socket destroyed on this side never says that it ended.
  socket.once('close', () => reader.close())
  reader.on('error', () => socket.destroy())
  const lines = reader[Symbol.asyncIterator]()
  const send = (message: unknown) => {
    if (socket.writable) socket.write(`${JSON.stringify(message)}\n`)
  }
  send(request)
  return {
    send,
    end: () => socket.destroy(),
    async next() {
      const { value, done } = await lines.next().catch((cause) => {
        throw unreachable(socketPath, cause)
      })
      if (done === true) throw unreachable(socketPath)
      const message = JSON.parse(value) as Record<string, unknown>
      if (message.error !== undefined) {
        socket.destroy()
        throw errorFromJson(message.error)
      }
      return message
    },
  }
}

function open(path: string): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const socket = connect(path)
  socket.once('connect', () => resolve(socket))
  socket.on('error', (cause) => reject(unreachable(path, cause)))
  return promise
}

const unreachable = (path: string, cause?: unknown): AllodError => fail('chip-unreachable', { actual: path, cause })
