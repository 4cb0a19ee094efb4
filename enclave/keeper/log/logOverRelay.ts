import type { Opener } from '@allod/channel/node'
import { decisionHash, fromUtf8, utf8 } from '@allod/protocol'
import { fail } from '../errors.ts'
import type { Emit } from './DecisionLog.ts'

const ANSWER_MS = 5000
const MAX_ANSWER_BYTES = 256

type Stream = Awaited<ReturnType<Opener['open']>>

/**
 * Sends entries to the host, a line each, and waits for its word that one is on disk: a line with the entry's hash. One
 * entry at a time; a stream that broke is opened again for the next one.
 */
export function logOverRelay(relay: Opener, name = 'log'): Emit {
  let stream: Stream | null = null
  return async (entry) => {
    stream ??= await relay.open(name)
    const broken = stream
    const timer = setTimeout(() => broken.reset('timeout'), ANSWER_MS)
    try {
      await stream.write(utf8(`${JSON.stringify(entry)}\n`))
      const expected = decisionHash(entry.decision)
      const actual = await readLine(stream)
      if (actual !== expected) throw fail('log-unavailable', { expected, actual })
    } catch (cause) {
      broken.reset('failed')
      stream = null
      throw cause
    } finally {
      clearTimeout(timer)
    }
  }
}

// The host answers one line per entry and nothing else, so whatever came after the line end would be a lie anyway.
async function readLine(stream: Stream): Promise<string> {
  let text = ''
  while (!text.includes('\n')) {
    const piece = await stream.read()
    if (piece === null) throw fail('log-unavailable', { actual: 'the host closed the log' })
    text += fromUtf8(piece)
    if (text.length > MAX_ANSWER_BYTES) throw fail('log-unavailable', { expected: MAX_ANSWER_BYTES })
  }
  return text.trimEnd()
}
