const held = new WeakMap<Secret, Uint8Array>()

/**
 * Bytes that must not be logged. Every way to print one says `[secret]`; `expose` is the single, greppable way to the
 * bytes; `erase` overwrites them, as well as a garbage-collected language lets us.
 */
export class Secret {
  constructor(bytes: Uint8Array) {
    held.set(this, bytes)
  }

  /** The bytes themselves, not a copy. @throws Error once erased */
  expose(): Uint8Array<ArrayBuffer> {
    const bytes = held.get(this)
    if (bytes === undefined) throw new Error('a secret was used after it was erased')
    return bytes as Uint8Array<ArrayBuffer>
  }

  erase(): void {
    held.get(this)?.fill(0)
    held.delete(this)
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]'
  }
}
