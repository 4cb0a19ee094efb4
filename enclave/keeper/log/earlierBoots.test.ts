import type { ByteDuplex } from '@allod/channel'
import {
  type Decision,
  decisionHash,
  fromHex,
  fromUtf8,
  newSigningKey,
  type SignedDecision,
  signDigest,
  utf8,
} from '@allod/protocol'
import { expect, test } from 'vitest'
import { hex20, hex32 } from '../testing/party.ts'
import { DecisionLog } from './DecisionLog.ts'
import { earlierBoots } from './earlierBoots.ts'

const signing = newSigningKey()
const keys = { id: hex32(1), signing }

const last: Decision = {
  keeper: keys.id,
  boot: `0x${'02'.repeat(16)}`,
  seq: 7,
  previous: hex32(3),
  time: 1,
  kind: 'grant',
  order: hex32(4),
  generation: 1,
  enclave: hex20(5),
  subject: hex32(6),
  outcome: 'ok',
}
const signed = (decision: Decision, by = signing): SignedDecision => ({
  decision,
  by: { signer: by.address, signature: signDigest(by, fromHex(decisionHash(decision), 32)) },
})
const lineOf = (entry: SignedDecision): string => `${JSON.stringify(entry)}\n`

/** A host that answers with these pieces, and tells what it was asked. */
function host(...pieces: readonly (string | null)[]) {
  const asked: string[] = []
  const open = async (name: string): Promise<ByteDuplex> => {
    const left = [...pieces]
    return {
      write: async (...parts) => void asked.push(name, parts.map(fromUtf8).join('')),
      async read() {
        const piece = left.shift() ?? null
        return piece === null ? null : utf8(piece)
      },
      end: async () => undefined,
      reset: () => undefined,
    }
  }
  return { asked, open }
}

test('a boot’s first entry names the last one that this keeper signed before', async () => {
  const line = lineOf(signed(last))
  const { asked, open } = host(line.slice(0, 50), line.slice(50))
  const previous = await earlierBoots({ open }, keys)
  expect(asked).toEqual(['log-tail', `${keys.id}\n`])
  const entries: SignedDecision[] = []
  const log = new DecisionLog(keys, async (entry) => void entries.push(entry), {
    ...{ boot: `0x${'08'.repeat(16)}`, previous, now: () => 2 },
  })
  await log.append({ ...last, kind: 'boot' })
  await log.append({ ...last, kind: 'vote' })
  const [first, second] = entries.map((e) => e.decision)
  expect(first).toMatchObject({ seq: 0, previous: decisionHash(last) })
  expect(second).toMatchObject({ seq: 1, previous: first && decisionHash(first) })
})

test('starts a log of its own where the host has none', async () => {
  expect(await earlierBoots(host('\n'), keys)).toBe(hex32(0))
})

test.each([
  ['another keeper’s entry', lineOf(signed({ ...last, keeper: hex32(9) }))],
  ['an entry that somebody else signed', lineOf(signed(last, newSigningKey()))],
  [
    'an entry that was changed after it was signed',
    lineOf({ ...signed(last), decision: { ...last, outcome: 'keeper/busy' } }),
  ],
  ['an entry of no known form', '{"more":1}\n'],
  ['what is no entry at all', 'none\n'],
])('refuses %s: keeper/log-forged', async (_, text) => {
  await expect(earlierBoots(host(text), keys)).rejects.toMatchObject({ code: 'keeper/log-forged' })
})

test.each([
  ['says nothing', [null]],
  ['talks without an end', ['x'.repeat(5000), 'x'.repeat(5000)]],
])('does not start with a host that %s: keeper/log-unavailable', async (_, pieces) => {
  await expect(earlierBoots(host(...pieces), keys)).rejects.toMatchObject({ code: 'keeper/log-unavailable' })
})
