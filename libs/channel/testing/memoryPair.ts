import type { ByteDuplex } from '../ByteDuplex.ts'

/** How a test cuts what goes over the channel: the size of the next piece. */
export type Cut = () => number

/** Two ends of a channel in memory, with a bound like a socket's, so that back-pressure is real. */
export function memoryPair(cut: Cut = () => 65_536, boundBytes = 65_536): [ByteDuplex, ByteDuplex] {
  const [there, back] = [new Pipe(cut, boundBytes), new Pipe(cut, boundBytes)]
  return [end(back, there), end(there, back)]
}

/** Everything an end receives until its end, as one list; for looking at raw frames. */
export async function drain(duplex: ByteDuplex): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for (let piece = await duplex.read(); piece !== null; piece = await duplex.read()) parts.push(piece)
  return Buffer.concat(parts)
}

function end(incoming: Pipe, outgoing: Pipe): ByteDuplex {
  return {
    read: () => incoming.read(),
    write: (...parts) => outgoing.write(Buffer.concat(parts)),
    end: async () => outgoing.end(),
    reset: () => {
      incoming.break()
      outgoing.break()
    },
  }
}

class Pipe {
  readonly #cut: Cut
  readonly #bound: number
  #held = Buffer.alloc(0)
  #isEnded = false
  #isBroken = false
  #changed: (() => void)[] = []

  constructor(cut: Cut, bound: number) {
    this.#cut = cut
    this.#bound = bound
  }

  async read(): Promise<Uint8Array | null> {
    while (this.#held.length === 0) {
      if (this.#isEnded) return null
      if (this.#isBroken) throw new Error('the pipe is broken')
      await this.#change()
    }
    const piece = this.#held.subarray(0, Math.max(1, this.#cut()))
    this.#held = this.#held.subarray(piece.length)
    this.#tell()
    return Uint8Array.from(piece)
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#isBroken) throw new Error('the pipe is broken')
    this.#held = Buffer.concat([this.#held, bytes])
    this.#tell()
    while (this.#held.length > this.#bound && !this.#isBroken) await this.#change()
  }

  end(): void {
    this.#isEnded = true
    this.#tell()
  }

  break(): void {
    this.#isBroken = true
    this.#tell()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed.push(resolve)
    })
  }

  #tell(): void {
    for (const wake of this.#changed.splice(0)) wake()
  }
}
