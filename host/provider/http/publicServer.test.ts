import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { publicServer } from './publicServer.ts'
import type { Answer, Call } from './serveJson.ts'

const json = async (): Promise<Answer> => ({ json: true })

async function serve(answer: (call: Call) => Promise<Answer>, options: Parameters<typeof publicServer>[1]) {
  const server = publicServer(answer, options)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const sockets: Socket[] = []
  return {
    async open(words: string) {
      const socket = connect(port, '127.0.0.1').on('error', () => undefined)
      sockets.push(socket)
      await once(socket, 'connect')
      socket.write(words)
      return socket
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      server.closeAllConnections()
    },
  }
}
const GET = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'

test('takes so many connections, and more when one of them is gone', async () => {
  await using served = await serve(json, { limits: { connections: 2, idleMs: 60_000 } })
  const [first] = await Promise.all([served.open(GET), served.open(GET)])
  await once(first, 'data')
  expect(await text(await served.open(GET))).toBe('')
  first.end()
  await once(first, 'close')
  const later = await served.open(GET)
  const [answered] = (await once(later, 'data')) as [Buffer]
  expect(String(answered)).toMatch(/^HTTP\/1.1 200 /)
})

test.each([
  ['says nothing', ''],
  ['does not end its head', GET.slice(0, -2)],
  ['does not end its body', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n{'],
])('closes a connection that %s', async (_, words) => {
  await using served = await serve(json, { limits: { headMs: 50, requestMs: 100, lookEveryMs: 20 } })
  expect(await text(await served.open(words))).toMatch(/^HTTP\/1.1 408 /)
})

test('refuses a head over 16 KiB', async () => {
  await using served = await serve(json, {})
  const socket = await served.open(`GET / HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(16 * 1024)}\r\n\r\n`)
  expect(await text(socket)).toMatch(/^HTTP\/1.1 431 /)
})

test('takes a reader off that does not read, and its stream is over', async () => {
  const over = Promise.withResolvers<void>()
  async function* lines() {
    try {
      for (;;) yield 'x'.repeat(65_536)
    } finally {
      over.resolve()
    }
  }
  await using served = await serve(async () => ({ lines: lines() }), { readMs: 50 })
  const socket = await served.open(GET)
  socket.pause()
  await over.promise
})

test('a stream to a slow reader leaves nobody listening', async () => {
  const warned: string[] = []
  const warn = (warning: Error): void => void warned.push(warning.name)
  process.on('warning', warn)
  async function* lines() {
    for (let i = 0; i < 100; i++) yield 'x'.repeat(65_536)
  }
  await using served = await serve(async () => ({ lines: lines() }), {})
  const socket = await served.open(GET.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'))
  expect((await text(socket)).length).toBeGreaterThan(100 * 65_536)
  process.off('warning', warn)
  expect(warned).toEqual([])
})
