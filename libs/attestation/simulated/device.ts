import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import {
  errorFromJson,
  errorsOf,
  fromHex,
  type Hex,
  hex,
  integer,
  list,
  record,
  Secret,
  text,
  toBase64Url,
} from '@allod/protocol'
import { fail as failReport } from '../device/errors.ts'
import type { EvidenceBundle } from '../evidence.ts'

/** The TEE's driver as an enclave sees it. */
export type ChipDevice = {
  /** Evidence over 64 bytes of report data, with what is needed to check it. */
  cpuEvidence(reportData: Uint8Array): Promise<EvidenceBundle['cpu']>
  /** Evidence of every GPU over a nonce; an empty list where there is none. */
  deviceEvidence(nonce: Hex): Promise<EvidenceBundle['devices']>
  /** 32 bytes that the chip gives to this build under this configuration only, at every launch alike. */
  deriveKey(context: string): Promise<Secret>
}

const fail = errorsOf('attestation', {
  'chip-unreachable': [
    'the report device does not answer',
    'the host must give the guest a report device; launch again',
  ],
})

const encoded = text(87_384)
const gpuShape = list(record({ evidence: encoded, endorsements: list(encoded, 16) }), 8)
const ANSWER_MS = 10_000
const MAX_ANSWER = 1 << 20

/**
 * The simulated chip's report device, spoken to as the kernel's configfs-tsm: a fresh entry per report, and a generation
 * read before and after, because a report made from somebody else's bytes must never be taken for ours.
 * @throws attestation/chip-unreachable, attestation/report-race, and the device's own refusals
 */
export const openChipDevice = (socketPath: string): ChipDevice => ({
  cpuEvidence: (reportData) =>
    session(socketPath, async (ask) => {
      const entry = `report-${randomBytes(8).toString('hex')}`
      await ask({ op: 'mkdir', entry })
      await ask({ op: 'write', entry, attribute: 'inblob', value: toBase64Url(reportData) })
      const generation = integer()(await ask({ op: 'read', entry, attribute: 'generation' }))
      const evidence = encoded(await ask({ op: 'read', entry, attribute: 'outblob' }))
      const endorsement = encoded(await ask({ op: 'read', entry, attribute: 'auxblob' }))
      const after = integer()(await ask({ op: 'read', entry, attribute: 'generation' }))
      await ask({ op: 'rmdir', entry })
      if (generation !== 1 || after !== generation) throw failReport('report-race', { expected: 1, actual: after })
      return { kind: 'simulated', evidence, endorsements: [endorsement] }
    }),
  deviceEvidence: (nonce) =>
    session(socketPath, async (ask) => {
      const gpus = gpuShape(await ask({ op: 'gpu', nonce }))
      return gpus.map((gpu) => ({ kind: 'simulated-gpu' as const, ...gpu }))
    }),
  deriveKey: (context) =>
    session(socketPath, async (ask) => new Secret(fromHex(hex(32)(await ask({ op: 'derive', context })), 32))),
})

type Ask = (request: unknown) => Promise<unknown>

async function session<T>(path: string, use: (ask: Ask) => Promise<T>): Promise<T> {
  const socket = await open(path)
  try {
    let received = 0
    socket.setTimeout(ANSWER_MS, () => socket.destroy())
    socket.on('data', (chunk) => {
      received += chunk.length
      if (received > MAX_ANSWER) socket.destroy()
    })
    const reader = createInterface({ input: socket })
    // A socket destroyed on this side never says that it ended.
    socket.once('close', () => reader.close())
    reader.on('error', () => socket.destroy())
    const lines = reader[Symbol.asyncIterator]()
    return await use(async (request) => {
      socket.write(`${JSON.stringify(request)}\n`)
      const { value, done } = await lines.next().catch((cause) => {
        throw fail('chip-unreachable', { actual: path, cause })
      })
      if (done === true) throw fail('chip-unreachable', { actual: path })
      const answer = JSON.parse(value) as { readonly ok?: unknown; readonly error?: unknown }
      if (answer.error !== undefined) throw errorFromJson(answer.error)
      return answer.ok
    })
  } finally {
    socket.destroy()
  }
}

function open(path: string): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const socket = connect(path)
  socket.once('connect', () => resolve(socket))
  socket.on('error', (cause) => reject(fail('chip-unreachable', { actual: path, cause })))
  return promise
}
