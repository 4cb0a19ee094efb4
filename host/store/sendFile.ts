import type { FileHandle } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { fail } from './errors.ts'

/** One is filled while the other is on its way. */
const BUFFERS = 2
const BUFFER_BYTES = 1 << 18

/**
 * Sends bytes `start` up to `end` of a file as a response's body, from the same two buffers over and over: a stream of fresh
 * buffers costs a node twice the CPU time.
 * @throws store/internal where the file ends before `end`; what the client's going away ends in
 */
export async function sendFile(
  file: FileHandle,
  { start, end }: { readonly start: number; readonly end: number },
  response: ServerResponse,
): Promise<void> {
  const gone = new Promise<never>((_, reject) => {
    response.once('close', () => reject(new Error('the client went away')))
  })
  // It is closed after the last byte, too.
  gone.catch(() => {})
  const size = Math.min(BUFFER_BYTES, end - start)
  const turns = Array.from({ length: BUFFERS }, () => ({
    buffer: Buffer.allocUnsafeSlow(size),
    sent: Promise.resolve(),
  }))
  for (let at = start, turn = 0; at < end; turn++) {
    const next = turns[turn % BUFFERS] as (typeof turns)[number]
    await Promise.race([next.sent, gone])
    const { bytesRead } = await file.read(next.buffer, 0, Math.min(size, end - at), at)
    if (bytesRead === 0) throw fail('internal')
    at += bytesRead
    next.sent = write(response, next.buffer.subarray(0, bytesRead))
    next.sent.catch(() => {})
  }
  await Promise.race([Promise.all(turns.map(({ sent }) => sent)), gone])
  response.end()
}

const write = (response: ServerResponse, bytes: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    response.write(bytes, (error) => (error ? reject(error) : resolve()))
  })
