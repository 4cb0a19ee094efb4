import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { ByteDuplex } from '@allod/channel'
import { decisionHash, fromUtf8, signedDecisionShape, utf8 } from '@allod/protocol'
import { fail } from '../errors.ts'

/** A keeper's decision log on disk: a line of JSON per entry. */
export type LogFile = {
  /**
   * Takes entries from a stream, a line each, and answers each with its hash once it is on disk.
   * @throws keeper-host/log-stopped, keeper-host/bad-entry, and what the stream throws
   */
  keep(stream: ByteDuplex): Promise<void>
  close(): Promise<void>
}

const MAX_LINE = 8192

/** Opens a log to append to. A line that a crash cut short is ended first, so that it spoils no other. */
export async function openLogFile(path: string): Promise<LogFile> {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600)
  const { size } = await file.stat()
  const last = Buffer.alloc(1)
  if (size > 0) await file.read(last, 0, 1, size - 1)
  if (size > 0 && last[0] !== 10) await file.appendFile('\n')
  return {
    async keep(stream) {
      for await (const line of linesOf(stream)) {
        const hash = hashOf(line)
        try {
          await file.appendFile(`${line}\n`)
          await file.datasync()
        } catch (cause) {
          throw fail('log-stopped', { cause, meta: { path } })
        }
        await stream.write(utf8(`${hash}\n`))
      }
    },
    close: () => file.close(),
  }
}

async function* linesOf(stream: ByteDuplex): AsyncGenerator<string, void> {
  let pending = Buffer.alloc(0)
  for (;;) {
    const piece = await stream.read()
    if (piece === null) return
    pending = Buffer.concat([pending, piece])
    for (let end = pending.indexOf(10); end >= 0; end = pending.indexOf(10)) {
      yield fromUtf8(pending.subarray(0, end))
      pending = pending.subarray(end + 1)
    }
    if (pending.length > MAX_LINE) throw fail('bad-entry', { expected: `at most ${MAX_LINE} bytes` })
  }
}

function hashOf(line: string): string {
  try {
    return decisionHash(signedDecisionShape(JSON.parse(line)).decision)
  } catch (cause) {
    throw fail('bad-entry', { actual: line.slice(0, 200), cause })
  }
}
