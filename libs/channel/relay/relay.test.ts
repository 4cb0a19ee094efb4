import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { socketDuplex } from '@allod/channel/node'
import { afterEach, expect, test } from 'vitest'
import { type Relay, relay } from './relay.ts'
import type { RelayOptions } from './Session.ts'

const cleanup: (() => void)[] = []
afterEach(() => {
  for (const undo of cleanup.splice(0)) undo()
})

async function pair(): Promise<[Socket, Socket]> {
  const folder = mkdtempSync(join(tmpdir(), 'relay-'))
  const server = createServer()
  server.listen(join(folder, 's'))
  await once(server, 'listening')
  const near = connect(join(folder, 's'))
  const [far] = (await once(server, 'connection')) as [Socket]
  cleanup.push(() => {
    near.destroy()
    far.destroy()
    server.close()
    rmSync(folder, { recursive: true })
  })
  return [near, far]
}

test('x', async () => {
  const [a, b] = await pair()
  const far = relay(socketDuplex(b), {
    onOpen: async (name, stream) => {
      for (let p = await stream.read(); p !== null; p = await stream.read()) await stream.write(p)
      await stream.end()
    },
  })
  const near = relay(socketDuplex(a))
  const s = await near.open('echo')
  await s.write(new Uint8Array(3_000).fill(7))
  await s.end()
  let n = 0
  for (let p = await s.read(); p !== null; p = await s.read()) n += p.length
  expect(n).toBe(3000)
  await near.close()
  expect(await far.closed).toBe(undefined)
})
