import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { isAllodError } from '@allod/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openChipDevice } from './device.ts'

let folder: string
let server: Server | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'allod-device-'))
})
afterEach(() => {
  server?.close()
  rmSync(folder, { recursive: true, force: true })
})

type Request = { op: string; attribute?: string }

/** A report socket that answers as it is told to; null hangs up. */
async function deviceThat(answers: (request: Request, count: number) => unknown) {
  const path = join(folder, 'chip.sock')
  let count = 0
  server = createServer((socket) => {
    socket.on('error', () => {})
    createInterface({ input: socket })
      .on('error', () => {})
      .on('line', (line) => {
        const answer = answers(JSON.parse(line) as Request, count++)
        if (answer === null) socket.destroy()
        else socket.write(`${JSON.stringify(answer)}\n`)
      })
  })
  await new Promise<void>((resolve) => server?.listen(path, resolve))
  return openChipDevice(path)
}

const honest =
  (generations: number[]) =>
  ({ op, attribute }: Request): unknown => {
    if (op !== 'read') return { ok: null }
    if (attribute === 'generation') return { ok: generations.shift() }
    return { ok: attribute === 'outblob' ? 'AAAA' : 'BBBB' }
  }

const refusal = (code: string) => (error: unknown) => isAllodError(error, code)

test('gives evidence with its endorsement', async () => {
  const device = await deviceThat(honest([1, 1]))
  expect(await device.cpuEvidence(new Uint8Array(64))).toEqual({
    kind: 'simulated',
    evidence: 'AAAA',
    endorsements: ['BBBB'],
  })
})

test.each([
  ['between write and read', [2, 2]],
  ['while it is read', [1, 2]],
])('refuses a report whose entry somebody else wrote %s: attestation/report-race', async (_, generations) => {
  const device = await deviceThat(honest(generations))
  await expect(device.cpuEvidence(new Uint8Array(64))).rejects.toSatisfy(refusal('attestation/report-race'))
})

test('says so where there is no device, and where it hangs up: attestation/chip-unreachable', async () => {
  const absent = openChipDevice(join(folder, 'none.sock'))
  await expect(absent.cpuEvidence(new Uint8Array(64))).rejects.toSatisfy(refusal('attestation/chip-unreachable'))
  const broken = await deviceThat((_, count) => (count === 0 ? { ok: null } : null))
  await expect(broken.cpuEvidence(new Uint8Array(64))).rejects.toSatisfy(refusal('attestation/chip-unreachable'))
})

test('does not wait for an answer without an end', async () => {
  const device = await deviceThat(() => ({ ok: 'x'.repeat(2 << 20) }))
  await expect(device.cpuEvidence(new Uint8Array(64))).rejects.toSatisfy(refusal('attestation/chip-unreachable'))
})

test('passes on what the device refuses', async () => {
  const device = await deviceThat(() => ({ error: { code: 'chip/bad-inblob', message: 'm', hint: 'h', meta: {} } }))
  await expect(device.cpuEvidence(new Uint8Array(3))).rejects.toSatisfy(refusal('chip/bad-inblob'))
})

test('refuses an answer of another shape', async () => {
  const device = await deviceThat(() => ({ ok: [{ evidence: 1 }] }))
  await expect(device.deviceEvidence(`0x${'00'.repeat(32)}`)).rejects.toSatisfy(refusal('protocol/bad-shape'))
})

test('labels GPU evidence with its kind', async () => {
  const device = await deviceThat(() => ({ ok: [{ evidence: 'AAAA', endorsements: ['BBBB'] }] }))
  expect(await device.deviceEvidence(`0x${'00'.repeat(32)}`)).toEqual([
    { kind: 'simulated-gpu', evidence: 'AAAA', endorsements: ['BBBB'] },
  ])
})
