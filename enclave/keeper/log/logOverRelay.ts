import type { Opener } from '@allod/channel/node'
import { decisionHash, utf8 } from '@allod/protocol'
import { fail } from '../errors.ts'
import type { Emit } from './DecisionLog.ts'
import { readLine } from './readLine.ts'

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
      const actual = await readLine(stream, MAX_ANSWER_BYTES)
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
