import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import type { Json } from '@allod/protocol'

const PIECE_BYTES = 65_536

/** A file of values, a line of JSON each, to which values are added. A line is there wholly or not at all. */
export class LineFile<T extends Json> {
  readonly #path: string
  readonly #shape: (value: unknown) => T
  #sizeBytes: number
  #isToldOfDamage = false

  constructor(path: string, shape: (value: unknown) => T) {
    this.#path = path
    this.#shape = shape
    this.#sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /**
   * Every value, oldest first, for whoever adds to the file next. A line that cannot be read costs what it said, and no
   * other.
   */
  load(): T[] {
    if (!existsSync(this.#path)) return []
    // A crash may cut the last line short; what was not whole was not told to anyone. It goes, or the next would continue it.
    const bytes = readFileSync(this.#path)
    const wholeBytes = bytes.lastIndexOf('\n') + 1
    if (wholeBytes < bytes.length) truncateSync(this.#path, wholeBytes)
    this.#sizeBytes = wholeBytes
    const lines = bytes.toString('utf8', 0, wholeBytes).split('\n').slice(0, -1)
    return lines.flatMap((line) => this.#valueOf(line))
  }

  /**
   * The values from a byte on, a piece of the file at a time, each with the byte after its line. What is added meanwhile is
   * among them.
   */
  async *read(fromByte: number): AsyncGenerator<{ readonly value: T; readonly endByte: number }, void> {
    for await (const { line, endByte } of this.#lines(fromByte))
      for (const value of this.#valueOf(line)) yield { value, endByte }
  }

  /**
   * The byte to read from for the values that are not `isBefore`, all of which follow those that are: at most a piece of the
   * file, a line, and what cannot be read before the first of them. Looks at a few lines, however long the file is.
   */
  async startOf(isBefore: (value: T) => boolean): Promise<number> {
    // What ends at or before `start` is before; the first value that begins after `end` is not.
    let [start, end] = [0, this.#sizeBytes]
    while (end - start > PIECE_BYTES) {
      const middle = Math.floor((start + end) / 2)
      const next = await this.#firstBetween(middle, end)
      if (next !== null && isBefore(next.value)) start = next.endByte
      else end = middle
    }
    return start
  }

  /** The first value whose line begins after a byte, wherever in a line that is, and before another one. */
  async #firstBetween(after: number, before: number): Promise<{ readonly value: T; readonly endByte: number } | null> {
    let startByte = after
    for await (const { line, endByte } of this.#lines(after)) {
      if (startByte >= before) return null
      // The first of these lines is the rest of one that began earlier.
      const [value] = startByte === after ? [] : this.#valueOf(line)
      if (value !== undefined) return { value, endByte }
      startByte = endByte
    }
    return null
  }

  async *#lines(fromByte: number): AsyncGenerator<{ readonly line: string; readonly endByte: number }, void> {
    if (fromByte >= this.#sizeBytes) return
    const file = await open(this.#path)
    try {
      let pending = Buffer.alloc(0)
      // Not to the end of the file, where a line may be half written or about to be taken back.
      for (let at = fromByte; at < this.#sizeBytes; ) {
        const piece = Buffer.alloc(Math.min(PIECE_BYTES, this.#sizeBytes - at))
        const { bytesRead } = await file.read(piece, 0, piece.length, at)
        if (bytesRead === 0) return
        at += bytesRead
        pending = Buffer.concat([pending, piece.subarray(0, bytesRead)])
        for (let end = pending.indexOf(10); end >= 0; end = pending.indexOf(10)) {
          const line = pending.toString('utf8', 0, end)
          pending = pending.subarray(end + 1)
          yield { line, endByte: at - pending.length }
        }
      }
    } finally {
      await file.close()
    }
  }

  /**
   * Adds a value.
   * @param options.isFlushed whether it is to be on disk when this returns
   * @throws the system's error where the disk did not take it; the file is as it was before then
   */
  append(value: T, { isFlushed }: { readonly isFlushed: boolean }): void {
    const file = openSync(this.#path, 'a', 0o600)
    try {
      const { size } = fstatSync(file)
      try {
        const line = Buffer.from(`${JSON.stringify(value)}\n`)
        writeAll(file, line)
        if (isFlushed) fsyncSync(file)
        this.#sizeBytes = size + line.length
      } catch (error) {
        takeBack(file, size)
        throw error
      }
    } finally {
      closeSync(file)
    }
  }

  #valueOf(line: string): T[] {
    try {
      return [this.#shape(JSON.parse(line))]
    } catch (error) {
      // Told once: whoever asks for the file again and again fills no log.
      const name = error instanceof Error ? error.name : 'error'
      if (!this.#isToldOfDamage) process.stderr.write(`${this.#path}: a line is not readable, left out: ${name}\n`)
      this.#isToldOfDamage = true
      return []
    }
  }
}

/** A disk that fills up takes a part and says how much; it refuses what comes after. */
function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
}

/** A full disk takes a part of a line, and the next line would continue it. */
function takeBack(file: number, sizeBytes: number): void {
  try {
    ftruncateSync(file, sizeBytes)
  } catch {
    // Why the line was not taken is what the caller is told; the two lines are left out when the file is read again.
  }
}
