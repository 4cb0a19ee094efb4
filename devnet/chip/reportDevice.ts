import { chmod } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import {
  AllodError,
  errorsOf,
  fromBase64Url,
  fromHex,
  hex,
  oneOf,
  record,
  type Shaped,
  tagged,
  text,
  toBase64Url,
  toHex,
} from '@allod/protocol'

/** What the chip does for one guest. */
export type ReportSource = {
  report(reportData: Uint8Array): Promise<Uint8Array>
  endorsement(): Promise<Uint8Array>
  /** 32 bytes bound to chip, measurement, configuration and context, as SNP's MSG_KEY_REQ gives them. */
  derive(context: string): Uint8Array
  gpus(nonce: Uint8Array): Promise<readonly { readonly evidence: Uint8Array; readonly endorsement: Uint8Array }[]>
}

const fail = errorsOf('chip', {
  'no-entry': ['there is no such report entry', 'make the entry before using it'],
  'too-many-entries': ['the report device holds no more entries', 'remove each entry after its report'],
  'entry-exists': ['a report entry of this name exists', 'use a fresh name per report'],
  'not-written': ['no report was asked for yet', 'write 64 bytes to inblob first'],
  'bad-inblob': ['report data is not 64 bytes', 'write exactly 64 bytes to inblob'],
  'bad-request': ['the report device does not know this request', 'send one JSON request a line'],
})

const name = text(32, /^[a-z0-9-]+$/)
const requestShape = tagged('op', {
  mkdir: record({ op: oneOf('mkdir'), entry: name }),
  rmdir: record({ op: oneOf('rmdir'), entry: name }),
  write: record({ op: oneOf('write'), entry: name, attribute: oneOf('inblob'), value: text(200) }),
  read: record({ op: oneOf('read'), entry: name, attribute: oneOf('outblob', 'auxblob', 'generation', 'provider') }),
  gpu: record({ op: oneOf('gpu'), nonce: hex(32) }),
  derive: record({ op: oneOf('derive'), context: text(64, /^[a-z0-9/-]+$/) }),
})
type Request = Shaped<typeof requestShape>

type Entry = { inblob: Uint8Array | null; generation: number }

const MAX_ENTRIES = 16
const MAX_CONNECTIONS = 8
const MAX_LINE = 4096

/**
 * The report device of one guest, on its own socket, with the semantics of the kernel's configfs-tsm: make an entry,
 * write 64 bytes to `inblob`, read `outblob`; `generation` grows with every write, so a reader that saw it change knows
 * that the report is somebody else's.
 */
export async function openReportDevice(path: string, source: ReportSource): Promise<Server> {
  const entries = new Map<string, Entry>()
  const server = createServer((socket) => serve(socket, (request) => answer(entries, source, request)))
  server.maxConnections = MAX_CONNECTIONS
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(path, resolve)
  await promise
  await chmod(path, 0o666)
  return server
}

function serve(socket: Socket, handle: (request: Request) => Promise<unknown>): void {
  let pending = 0
  socket.on('error', () => socket.destroy())
  // readline keeps what has no line end yet; a guest that sends none is cut off.
  socket.on('data', (chunk) => {
    const lineEnd = chunk.lastIndexOf(10)
    pending = lineEnd < 0 ? pending + chunk.length : chunk.length - lineEnd - 1
    if (pending > MAX_LINE) socket.destroy()
  })
  // One after the other: an answer is to the request before it.
  let before = Promise.resolve()
  // readline passes a broken connection on as an error of its own.
  const reader = createInterface({ input: socket }).on('error', () => socket.destroy())
  reader.on('line', (line) => {
    before = before.then(async () => {
      const answer = await reply(line, handle)
      if (socket.writable) socket.write(`${JSON.stringify(answer)}\n`)
    })
  })
}

async function reply(line: string, handle: (request: Request) => Promise<unknown>): Promise<unknown> {
  try {
    return { ok: await handle(requestShape(JSON.parse(line))) }
  } catch (error) {
    return { error: error instanceof AllodError ? error : fail('bad-request') }
  }
}

async function answer(entries: Map<string, Entry>, source: ReportSource, request: Request): Promise<unknown> {
  if (request.op === 'gpu')
    return (await source.gpus(fromHex(request.nonce, 32))).map(({ evidence, endorsement }) => ({
      evidence: toBase64Url(evidence),
      endorsements: [toBase64Url(endorsement)],
    }))
  if (request.op === 'derive') return toHex(source.derive(request.context))
  if (request.op === 'mkdir') {
    if (entries.has(request.entry)) throw fail('entry-exists', { actual: request.entry })
    if (entries.size >= MAX_ENTRIES) throw fail('too-many-entries', { expected: MAX_ENTRIES })
    entries.set(request.entry, { inblob: null, generation: 0 })
    return null
  }
  const entry = entries.get(request.entry)
  if (entry === undefined) throw fail('no-entry', { actual: request.entry })
  if (request.op === 'rmdir') {
    entries.delete(request.entry)
    return null
  }
  if (request.op === 'read') return read(entry, source, request.attribute)
  const inblob = fromBase64Url(request.value)
  if (inblob.length !== 64) throw fail('bad-inblob', { expected: 64, actual: inblob.length })
  entry.inblob = inblob
  entry.generation++
  return null
}

async function read(
  entry: Entry,
  source: ReportSource,
  attribute: 'outblob' | 'auxblob' | 'generation' | 'provider',
): Promise<string | number> {
  if (attribute === 'generation') return entry.generation
  if (attribute === 'provider') return 'simulated'
  if (entry.inblob === null) throw fail('not-written')
  return toBase64Url(await (attribute === 'outblob' ? source.report(entry.inblob) : source.endorsement()))
}
