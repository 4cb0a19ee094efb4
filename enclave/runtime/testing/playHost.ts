import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { relay } from '@allod/channel'
import { fetchOver, type Opener, serveHttp, socketDuplex } from '@allod/channel/node'
import type { HostLink } from '../HostLink.ts'

const MAIN = join(import.meta.dirname, '../main.devnet.ts')

/** How the runtime's process went: all that came out of it beside its channel. */
export type Ended = { readonly code: number | null; readonly output: string }

/**
 * Runs the runtime itself as a process, without a sandbox, with a chip and a host that the test plays.
 * @param onOpen given what opens streams to the enclave, as clients and the host do
 */
export async function playHost(link: HostLink, onOpen: (opener: Opener) => void = () => {}): Promise<Ended> {
  const base = mkdtempSync(join(tmpdir(), 'allod-main-'))
  mkdirSync(join(base, 'run'))
  const chip = createServer((socket) => {
    createInterface({ input: socket }).on('line', (line) => {
      const { op, attribute } = JSON.parse(line) as { op: string; attribute?: string }
      socket.write(`${JSON.stringify({ ok: op === 'gpu' ? [] : attribute === 'generation' ? 1 : 'AA' })}\n`)
    })
    socket.on('error', () => socket.destroy())
  })
  const channel = createServer((socket) => {
    const session = relay(socketDuplex(socket), {
      onOpen: (name, stream) => serveHttp(async (request) => carry(link, name, request)).accept(stream),
    })
    onOpen(session)
  })
  await listen(chip, join(base, 'run/chip.sock'))
  await listen(channel, join(base, 'run/host.sock'))
  try {
    const child = spawn(process.execPath, [MAIN, '--unisolated', base], { env: {}, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += String(part)))
    const ended = Promise.withResolvers<Ended>()
    child.once('close', (code) => ended.resolve({ code, output }))
    return await ended.promise
  } finally {
    chip.close()
    channel.close()
    rmSync(base, { recursive: true, force: true })
  }
}

/** Says something to the enclave on a stream of this name. */
export const sayOver = (opener: Opener, name: string, path: string, body: unknown): Promise<Response> =>
  fetchOver(opener, name)(`http://enclave${path}`, { method: 'POST', body: JSON.stringify(body) })

async function carry(link: HostLink, name: string, request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const bytes = new Uint8Array(await request.arrayBuffer())
  const isText = request.headers.get('content-type') === 'application/json'
  const body = isText ? new TextDecoder().decode(bytes) : bytes
  const init = { method: request.method, headers: request.headers, ...(bytes.length === 0 ? {} : { body }) }
  return link.fetchFrom(name)(pathname + search, init)
}

function listen(server: ReturnType<typeof createServer>, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(path, resolve)
  return promise
}
