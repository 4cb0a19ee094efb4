import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { errorsOf } from '@allod/protocol'
import { chipLaunch } from './chipClient.ts'
import type { ConfidentialEnvironment, EnvironmentHandle, LaunchSpec } from './environment.ts'
import { probeSandbox } from './probeSandbox.ts'
import { sharedTemp } from './sharedTemp.ts'

const fail = errorsOf('environments', {
  'launch-failed': ['the guest ended before it connected', 'read the reason and the last lines in the details'],
  'connect-timeout': ['the guest did not connect in time', 'look at the load of the machine, and launch again'],
})

/** Where the simulated chip is, and how long a guest may take to connect. */
export type ChipOptions = {
  /** Path of the chip's control socket. */
  readonly chip: string
  readonly connectMs?: number
}

/** Guests in bubblewrap, measured and started by the simulated chip. */
export const processEnvironment = (options: ChipOptions): ConfidentialEnvironment => ({
  kind: 'process',
  isolation: 'bubblewrap',
  probe: () => probeSandbox(),
  launch: (spec) => launch(options, 'bubblewrap', spec),
})

/** Guests as plain processes: nothing is isolated, and the evidence says so. For machines without bubblewrap only. */
export const unisolatedEnvironment = (options: ChipOptions): ConfidentialEnvironment => ({
  kind: 'unisolated',
  isolation: 'none',
  probe: () => probeSandbox(),
  launch: (spec) => launch(options, 'none', spec),
})

async function launch(
  { chip, connectMs = 60_000 }: ChipOptions,
  isolation: 'bubblewrap' | 'none',
  { rootfs, config, limits }: LaunchSpec,
): Promise<EnvironmentHandle> {
  const door = await openDoor()
  try {
    const guest = await chipLaunch(chip, { rootfs, config, limits, isolation, channel: door.path })
    const ended = guest.exit.then((exit) => {
      throw fail('launch-failed', { actual: exit.reason, meta: { exit } })
    })
    ended.catch(() => {})
    const late = AbortSignal.timeout(connectMs)
    const timeout = new Promise<never>((_, reject) => {
      late.addEventListener('abort', () => reject(fail('connect-timeout', { expected: `${connectMs} ms` })))
    })
    const channel = await Promise.race([door.guest, ended, timeout]).catch((error) => {
      guest.kill()
      throw error
    })
    // What the guest still said can be read to its end; only nothing more is sent.
    void guest.exit.then(() => channel.end())
    return { ...guest, channel }
  } finally {
    await door.close()
  }
}

type Door = { readonly path: string; readonly guest: Promise<Socket>; close(): Promise<void> }

// One connection, one guest: the door is shut behind the first. Its folder cannot be listed and its name cannot be
// guessed, because the guest may be another user than we are.
async function openDoor(): Promise<Door> {
  const folder = await mkdtemp(join(sharedTemp(), 'allod-'))
  await chmod(folder, 0o711)
  const room = join(folder, randomBytes(16).toString('hex'))
  await mkdir(room, { mode: 0o711 })
  await chmod(room, 0o711)
  const path = join(room, 'host.sock')
  const guest = Promise.withResolvers<Socket>()
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    guest.resolve(socket)
    server.close()
  })
  server.maxConnections = 1
  await listen(server, path)
  await chmod(path, 0o666)
  return {
    path,
    guest: guest.promise,
    async close() {
      server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function listen(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(path, resolve)
  return promise
}
