import { fail } from './errors.ts'

/** A ClientHello may not be longer than this, over all its records. */
export const MAX_HELLO_BYTES = 16 * 1024

/**
 * The server name a TLS client asks for, read from its first bytes; null where more bytes are needed. Nothing else of
 * the handshake is looked at, and nothing is changed.
 * @throws gateway/bad-client-hello, gateway/no-server-name
 */
export function parseClientHello(bytes: Uint8Array): string | null {
  const hello = handshakeMessage(bytes)
  if (hello === null) return null
  const body = new Cursor(hello)
  body.skip(2 + 32)
  body.vector(1, 0, 32)
  if (body.vector(2, 2, 0xfffe).left % 2 !== 0) throw bad('an even list of cipher suites')
  body.vector(1, 1, 255)
  const extensions = body.vector(2, 0, 0xffff)
  body.finish()
  const seen = new Set<number>()
  let name: string | null = null
  while (extensions.left > 0) {
    const type = extensions.integer(2)
    const content = extensions.vector(2, 0, 0xffff)
    if (seen.has(type)) throw bad('each extension once')
    seen.add(type)
    if (type === 0) name = serverName(content)
  }
  if (name === null) throw fail('no-server-name')
  return name
}

/** RFC 6066 §3: one name, of type host_name. */
function serverName(extension: Cursor): string {
  const names = extension.vector(2, 1, 0xffff)
  extension.finish()
  if (names.integer(1) !== 0) throw bad('a host name')
  const bytes = names.vector(2, 1, 255).rest()
  names.finish()
  const name = String.fromCharCode(...bytes).toLowerCase()
  if (!/^[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*$/.test(name)) throw bad('a DNS name')
  return name
}

/** The body of the first handshake message, which records may cut anywhere; null where it is not there yet. */
function handshakeMessage(bytes: Uint8Array): Uint8Array | null {
  const message: number[] = []
  for (let at = 0; at < bytes.length; ) {
    const [type, major, minor, high, low] = bytes.subarray(at, at + 5)
    if (type !== 22) throw bad('a handshake record')
    if ((major !== undefined && major !== 3) || (minor !== undefined && (minor < 1 || minor > 3))) throw bad('TLS')
    if (high === undefined || low === undefined) return null
    const length = high * 256 + low
    if (length === 0 || length > 16_384) throw bad('a record of 1 to 16384 bytes')
    for (const byte of bytes.subarray(at + 5, at + 5 + length)) message.push(byte)
    if (message[0] !== undefined && message[0] !== 1) throw bad('a ClientHello')
    const [, a, b, c] = message
    if (a !== undefined && b !== undefined && c !== undefined) {
      const wanted = 4 + a * 65_536 + b * 256 + c
      if (wanted > MAX_HELLO_BYTES) throw bad(`a ClientHello of at most ${MAX_HELLO_BYTES} bytes`)
      if (message.length > wanted) throw bad('nothing after the ClientHello')
      if (message.length === wanted) return Uint8Array.from(message.slice(4))
    }
    at += 5 + length
  }
  if (bytes.length > 2 * MAX_HELLO_BYTES) throw bad('a ClientHello in fewer records')
  return null
}

const bad = (expected: string): Error => fail('bad-client-hello', { expected })

class Cursor {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  skip(count: number): void {
    this.#take(count)
  }

  integer(size: 1 | 2): number {
    return this.#take(size).reduce((value, byte) => value * 256 + byte, 0)
  }

  vector(lengthSize: 1 | 2, min: number, max: number): Cursor {
    const length = this.integer(lengthSize)
    if (length < min || length > max) throw bad(`a vector of ${min} to ${max} bytes`)
    return new Cursor(this.#take(length))
  }

  rest(): Uint8Array {
    return this.#take(this.left)
  }

  finish(): void {
    if (this.left > 0) throw bad('no bytes left over')
  }

  #take(count: number): Uint8Array {
    if (count > this.left) throw bad('more bytes')
    this.#at += count
    return this.#bytes.subarray(this.#at - count, this.#at)
  }
}
