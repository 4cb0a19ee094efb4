import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { simulatedMeasurement } from '@allod/attestation/simulated'
import { type ChipInfo, guestLimitsShape, type Misbehaviour, misbehaviours } from '@allod/environments'
import { AllodError, errorsOf, fromBase64Url, list, oneOf, record, type Shaped, tagged, text } from '@allod/protocol'
import type { Watched } from '@allod/sandbox/node'
import { type Launcher, launchGuest } from './launchGuest.ts'

const fail = errorsOf('chip', {
  'launch-refused': ['the chip could not start the guest', 'read the reason in the details'],
  'one-guest-each': ['a connection asks for a second guest', 'open a connection per guest'],
})

const MAX_CONFIG_CHARS = Math.ceil((256 * 1024 * 4) / 3)
const MAX_LINE = MAX_CONFIG_CHARS + 16_384
const MAX_CONNECTIONS = 256

const path = text(4096, /^\//)
const requestShape = tagged('op', {
  info: record({ op: oneOf('info') }),
  misbehave: record({ op: oneOf('misbehave'), flags: list(oneOf(...misbehaviours), misbehaviours.length) }),
  launch: record({
    op: oneOf('launch'),
    rootfs: path,
    config: text(MAX_CONFIG_CHARS),
    limits: guestLimitsShape,
    channel: path,
    isolation: oneOf('bubblewrap', 'none'),
  }),
  kill: record({ op: oneOf('kill') }),
})
type Request = Shaped<typeof requestShape>

export type Control = {
  readonly info: ChipInfo
  readonly launcher: Launcher
  readonly misbehaviour: Set<Misbehaviour>
  /** Guests that run now. */
  readonly guests: Set<Watched>
}

/** Serves the host on a unix socket: one JSON request a line; a guest lives as long as the connection that asked for it. */
export async function openControlSocket(socketPath: string, control: Control): Promise<Server> {
  rmSync(socketPath, { force: true })
  const server = createServer((socket) => serve(socket, control))
  server.maxConnections = MAX_CONNECTIONS
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(socketPath, resolve)
  await promise
  chmodSync(socketPath, 0o600)
  return server
}

function serve(socket: Socket, control: Control): void {
  const tell = (message: unknown) => {
    if (socket.writable) socket.write(`${JSON.stringify(message)}\n`)
  }
  const guest = Promise.withResolvers<Watched>()
  guest.promise.catch(() => {})
  let pending = 0
  socket.on('data', (chunk) => {
    const lineEnd = chunk.lastIndexOf(10)
    pending = lineEnd < 0 ? pending + chunk.length : chunk.length - lineEnd - 1
    if (pending > MAX_LINE) socket.destroy()
  })
  let hasGuest = false
  const kill = () => void guest.promise.then((g) => g.kill()).catch(() => {})
  socket.on('error', () => socket.destroy())
  socket.on('close', kill)
  // readline passes a broken connection on as an error of its own.
  const reader = createInterface({ input: socket }).on('error', () => socket.destroy())
  reader.on('line', async (line) => {
    try {
      const request = requestShape(JSON.parse(line))
      if (request.op === 'kill') kill()
      else if (request.op === 'launch') {
        if (hasGuest) throw fail('one-guest-each')
        hasGuest = true
        await launch(control, request, guest.resolve, tell)
      } else tell(answer(control, request))
    } catch (cause) {
      tell({ error: cause instanceof AllodError ? cause : fail('launch-refused', { actual: String(cause) }) })
    }
  })
}

function answer(control: Control, request: Extract<Request, { op: 'info' | 'misbehave' }>): unknown {
  if (request.op === 'info') return { info: control.info }
  control.misbehaviour.clear()
  for (const flag of request.flags) control.misbehaviour.add(flag)
  return { ok: true }
}

async function launch(
  { launcher, guests }: Control,
  request: Extract<Request, { op: 'launch' }>,
  hold: (guest: Watched) => void,
  tell: (message: unknown) => void,
): Promise<void> {
  const guest = await launchGuest(launcher, { ...request, config: fromBase64Url(request.config) })
  guests.add(guest)
  hold(guest)
  tell({ started: { build: guest.build, measurement: simulatedMeasurement(guest.build) } })
  const exit = await guest.exit
  guests.delete(guest)
  tell({ exit })
}
