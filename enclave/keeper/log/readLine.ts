import type { Opener } from '@allod/channel/node'
import { fromUtf8 } from '@allod/protocol'
import { fail } from '../errors.ts'

type Stream = Awaited<ReturnType<Opener['open']>>

/**
 * One line of the host's, without its end. The host answers a line to a line and nothing else, so whatever came after the line
 * end would be a lie anyway.
 * @throws keeper/log-unavailable where it closes the stream first, or talks for more than `maxBytes`
 */
export async function readLine(stream: Stream, maxBytes: number): Promise<string> {
  let text = ''
  while (!text.includes('\n')) {
    const piece = await stream.read()
    if (piece === null) throw fail('log-unavailable', { actual: 'the host closed the log' })
    text += fromUtf8(piece)
    if (text.length > maxBytes) throw fail('log-unavailable', { expected: maxBytes })
  }
  return text.trimEnd()
}
