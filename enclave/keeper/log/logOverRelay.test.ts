import type { ByteDuplex } from '@allod/channel'
import { decisionHash, fromUtf8, type SignedDecision, utf8 } from '@allod/protocol'
import { expect, test } from 'vitest'
import { hex20, hex32 } from '../testing/party.ts'
import { logOverRelay } from './logOverRelay.ts'

const entry: SignedDecision = {
  decision: {
    keeper: hex32(1),
    boot: `0x${'02'.repeat(16)}`,
    seq: 0,
    previous: hex32(0),
    time: 1,
    kind: 'vote',
    order: hex32(3),
    generation: 1,
    enclave: hex20(4),
    subject: hex32(5),
    outcome: 'ok',
  },
  by: { signer: hex20(6), signature: `0x${'07'.repeat(65)}` },
}

/** A host that answers each line by what `reply` makes of it. */
function host(reply: (line: string) => string | null) {
  const opened: string[] = []
  const open = async (name: string): Promise<ByteDuplex> => {
    opened.push(name)
    const answers: (Uint8Array | null)[] = []
    return {
      async write(...parts) {
        const text = reply(parts.map(fromUtf8).join('').trimEnd())
        answers.push(text === null ? null : utf8(text))
      },
      read: async () => answers.shift() ?? null,
      end: async () => undefined,
      reset: () => undefined,
    }
  }
  return { opened, open }
}

const hashOf = (line: string): string => decisionHash((JSON.parse(line) as SignedDecision).decision)

test('keeps one stream for many entries', async () => {
  const { opened, open } = host((line) => `${hashOf(line)}\n`)
  const emit = logOverRelay({ open })
  await emit(entry)
  await emit({ ...entry, decision: { ...entry.decision, seq: 1 } })
  expect(opened).toEqual(['log'])
})

test.each([
  ['says another hash', () => `${hex32(9)}\n`],
  ['closes the log', () => null],
  ['talks without an end', () => 'x'.repeat(300)],
])('refuses a host that %s, and opens a new stream for the next entry', async (_, reply) => {
  const { opened, open } = host(reply)
  const emit = logOverRelay({ open })
  await expect(emit(entry)).rejects.toMatchObject({ code: 'keeper/log-unavailable' })
  await expect(emit(entry)).rejects.toMatchObject({ code: 'keeper/log-unavailable' })
  expect(opened).toEqual(['log', 'log'])
})
