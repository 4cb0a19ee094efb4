import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { ByteDuplex } from '@allod/channel'
import { decisionHash, fromUtf8, type Hex, hex, type SignedDecision, signedDecisionShape, utf8 } from '@allod/protocol'
import { fail } from '../errors.ts'

/** A keeper's decision log on disk: a line of JSON per entry. */
export type LogFile = {
  /**
   * Takes entries from a stream, a line each, and answers each with its hash once it is on disk.
   * @throws keeper-host/log-stopped, keeper-host/bad-entry, and what the stream throws
   */
  keep(stream: ByteDuplex): Promise<void>
  /**
   * Takes keeper ids from a stream, a line each, and answers each with the last entry of that keeper, or with an empty line. The
   * next boot's first entry names it.
   * @throws keeper-host/bad-entry, and what the stream throws
   */
  giveLast(stream: ByteDuplex): Promise<void>
  close(): Promise<void>
}

const MAX_LINE = 8192

const keeperShape = hex(32)

/** Opens a log to append to. A line that a crash or a full disk cut short is ended first, so that it spoils no other. */
export async function openLogFile(path: string): Promise<LogFile> {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600)
  const { size } = await file.stat()
  const last = Buffer.alloc(1)
  if (size > 0) await file.read(last, 0, 1, size - 1)
  let isCutShort = size > 0 && last[0] !== 10
  const lastOf = await lastEntries(file, size)
  return {
    async keep(stream) {
      for await (const line of linesOf(stream)) {
        const { decision } = entryOf(line)
        try {
          const text = `${isCutShort ? '\n' : ''}${line}\n`
          isCutShort = true
          await file.appendFile(text)
          isCutShort = false
          await file.datasync()
        } catch (cause) {
          throw fail('log-stopped', { cause, meta: { path } })
        }
        lastOf.set(decision.keeper, line)
        await stream.write(utf8(`${decisionHash(decision)}\n`))
      }
    },
    async giveLast(stream) {
      for await (const line of linesOf(stream)) await stream.write(utf8(`${lastOf.get(keeperOf(line)) ?? ''}\n`))
    },
    close: () => file.close(),
  }
}

/** The last line of each keeper in the first `size` bytes of a log. Keepers of other configurations may have used it before. */
async function lastEntries(file: FileHandle, size: number): Promise<Map<Hex, string>> {
  const lastOf = new Map<Hex, string>()
  if (size === 0) return lastOf
  for await (const line of file.readLines({ start: 0, end: size - 1, autoClose: false }))
    try {
      lastOf.set(entryOf(line).decision.keeper, line)
    } catch {
      // A line that was cut short is nobody's entry: the keeper was never told that it is kept.
    }
  return lastOf
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

function entryOf(line: string): SignedDecision {
  try {
    return signedDecisionShape(JSON.parse(line))
  } catch (cause) {
    throw fail('bad-entry', { actual: line.slice(0, 200), cause })
  }
}

function keeperOf(line: string): Hex {
  try {
    return keeperShape(line)
  } catch (cause) {
    throw fail('bad-entry', { expected: 'a keeper’s id', actual: line.slice(0, 200), cause })
  }
}
