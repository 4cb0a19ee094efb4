import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import type { Json } from '@allod/protocol'

/** A file of values, a line of JSON each, to which values are added. A line is there wholly or not at all. */
export class LineFile<T extends Json> {
  readonly #path: string
  readonly #shape: (value: unknown) => T

  constructor(path: string, shape: (value: unknown) => T) {
    this.#path = path
    this.#shape = shape
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
    const lines = bytes.toString('utf8', 0, wholeBytes).split('\n').slice(0, -1)
    return lines.flatMap((line, i) => this.#valueOf(line, i + 1))
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
        writeAll(file, Buffer.from(`${JSON.stringify(value)}\n`))
        if (isFlushed) fsyncSync(file)
      } catch (error) {
        takeBack(file, size)
        throw error
      }
    } finally {
      closeSync(file)
    }
  }

  #valueOf(line: string, number: number): T[] {
    try {
      return [this.#shape(JSON.parse(line))]
    } catch (error) {
      const name = error instanceof Error ? error.name : 'error'
      process.stderr.write(`${this.#path}:${number}: not readable, left out: ${name}\n`)
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
