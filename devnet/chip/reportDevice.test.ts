import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { toBase64Url } from '@allod/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openReportDevice } from './reportDevice.ts'

let folder: string
let path: string
let device: Server
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'allod-report-'))
  path = join(folder, 'chip.sock')
  device = await openReportDevice(path, {
    report: async (reportData) => reportData.slice(0, 3),
    endorsement: async () => Uint8Array.of(9),
    derive: (context) => new Uint8Array(32).fill(context.length),
    gpus: async (nonce) => [{ evidence: nonce.slice(0, 2), endorsement: Uint8Array.of(8) }],
  })
})
afterEach(() => {
  device.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Sends requests, raw lines as they are, and gives the answers. */
async function say(...requests: readonly unknown[]) {
  const socket = connect(path)
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
  for (const request of requests) socket.write(`${typeof request === 'string' ? request : JSON.stringify(request)}\n`)
  const answers = []
  for (const _ of requests) {
    const { value, done } = await lines.next()
    if (done === true) break
    answers.push(JSON.parse(value) as { ok?: unknown; error?: { code: string } })
  }
  socket.destroy()
  return answers
}

const data = toBase64Url(new Uint8Array(64).fill(5))
const mkdir = { op: 'mkdir', entry: 'a' }
const write = { op: 'write', entry: 'a', attribute: 'inblob', value: data }
const read = (attribute: string) => ({ op: 'read', entry: 'a', attribute })
const codes = async (...requests: readonly unknown[]) => (await say(...requests)).map((a) => a.error?.code)

test('answers as configfs-tsm does: 64 bytes in, a report out, a generation that grows with every write', async () => {
  const answers = await say(
    mkdir,
    write,
    read('generation'),
    read('outblob'),
    read('auxblob'),
    write,
    read('generation'),
  )
  expect(answers.map((a) => a.ok)).toEqual([null, null, 1, 'BQUF', 'CQ', null, 2])
  expect((await say(read('provider'))).map((a) => a.ok)).toEqual(['simulated'])
})

test('one entry is seen on every connection, so that a race shows', async () => {
  await say(mkdir, write)
  await say(write)
  expect((await say(read('generation')))[0]?.ok).toBe(2)
})

test('refuses an entry that is not there, or that is no more: chip/no-entry', async () => {
  expect(await codes(write)).toEqual(['chip/no-entry'])
  expect(await codes(mkdir, { op: 'rmdir', entry: 'a' }, write)).toEqual([undefined, undefined, 'chip/no-entry'])
})

test('holds sixteen entries and no more: chip/too-many-entries', async () => {
  const many = Array.from({ length: 17 }, (_, i) => ({ op: 'mkdir', entry: `e${i}` }))
  expect((await codes(...many)).slice(15)).toEqual([undefined, 'chip/too-many-entries'])
})

test('refuses a name that is taken: chip/entry-exists', async () => {
  expect(await codes(mkdir, mkdir)).toEqual([undefined, 'chip/entry-exists'])
})

test('refuses to report before it was asked for: chip/not-written', async () => {
  expect(await codes(mkdir, read('outblob'))).toEqual([undefined, 'chip/not-written'])
})

test('refuses report data of another size: chip/bad-inblob', async () => {
  for (const size of [0, 63, 65])
    expect(
      await codes(
        { ...mkdir, entry: `s${size}` },
        { ...write, entry: `s${size}`, value: toBase64Url(new Uint8Array(size)) },
      ),
    ).toEqual([undefined, 'chip/bad-inblob'])
})

test('refuses what is no request: chip/bad-request, and the kernel of shapes where it is one of another form', async () => {
  expect(await codes('not json', '[]', { op: 'reboot' })).toEqual([
    'chip/bad-request',
    'protocol/bad-shape',
    'protocol/bad-shape',
  ])
})

test('hangs up on a line without an end', async () => {
  const socket = connect(path)
  socket.on('error', () => {})
  socket.write('x'.repeat(10_000))
  await new Promise<void>((resolve) => socket.once('close', () => resolve()))
})

test('asks every GPU over the nonce', async () => {
  const [answer] = await say({ op: 'gpu', nonce: `0x${'07'.repeat(32)}` })
  expect(answer?.ok).toEqual([{ evidence: 'Bwc', endorsements: ['CA'] }])
})

test('derives a key per context', async () => {
  const [answer] = await say({ op: 'derive', context: 'abc' })
  expect(answer?.ok).toBe(`0x${'03'.repeat(32)}`)
})
