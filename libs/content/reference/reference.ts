import { createCipheriv, createHash, hkdfSync } from 'node:crypto'

/*
 * The formats written down a second time, straight from the specification with node:crypto, so that the vectors are not the
 * library's own word. Slow and plain on purpose.
 */

export const u8 = (...bytes: number[]): Buffer => Buffer.from(bytes)
export const u32 = (value: number): Buffer => {
  const out = Buffer.alloc(4)
  out.writeUInt32BE(value)
  return out
}
export const u64 = (value: number): Buffer => {
  const out = Buffer.alloc(8)
  out.writeBigUInt64BE(BigInt(value))
  return out
}
export const sha256 = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest()
export const tag = (text: string): Buffer => Buffer.from(text, 'utf8')
export const hex = (bytes: Uint8Array): `0x${string}` => `0x${Buffer.from(bytes).toString('hex')}`
export const bytesOf = (text: string): Buffer => Buffer.from(text.slice(2), 'hex')

/** Bytes that anybody can make again: SHA-256(seed ‖ u32 counter), cut to length. */
export function stream(seed: string, length: number): Buffer {
  const blocks: Buffer[] = []
  for (let i = 0; i * 32 < length; i++) blocks.push(sha256(tag(seed), u32(i)))
  return Buffer.concat(blocks).subarray(0, length)
}

export type ReferenceObject = {
  readonly header: Buffer
  readonly chunks: readonly Buffer[]
  readonly leaves: readonly Buffer[]
  readonly packs: readonly Buffer[]
  readonly metadataKey: Buffer
}

const hkdf = (dek: Buffer, salt: Buffer, info: Buffer): Buffer => Buffer.from(hkdfSync('sha256', dek, salt, info, 32))

/** Seals plaintext whose padding, if any, is already in it. */
export function sealObject(
  dek: Buffer,
  salt: Buffer,
  { chunkLog2, isPadded, plaintext }: { chunkLog2: number; isPadded: boolean; plaintext: Buffer },
): ReferenceObject {
  const chunkBytes = 2 ** chunkLog2
  const count = Math.max(1, Math.ceil(plaintext.length / chunkBytes))
  const perPack = Math.min(64, 2 ** (26 - chunkLog2))
  const prefix = Buffer.concat([tag('ALLO'), u8(1, 1, chunkLog2, isPadded ? 1 : 0)])
  const keyCommitment = hkdf(dek, salt, tag('allod/commit/v1'))
  const aad = sha256(tag('allod/aad/v1'), prefix, salt, keyCommitment)
  const chunks = Array.from({ length: count }, (_, i) => {
    const key = hkdf(dek, salt, Buffer.concat([tag('allod/segment/v1'), u32(Math.floor(i / 32768))]))
    const nonce = Buffer.concat([Buffer.alloc(7), u32(i), u8(i === count - 1 ? 1 : 0)])
    return gcm(key, nonce, aad, plaintext.subarray(i * chunkBytes, (i + 1) * chunkBytes))
  })
  const leaves = chunks.map((c) => sha256(c))
  const packs: Buffer[] = []
  for (let i = 0; i < count; i += perPack)
    packs.push(sha256(tag('allod/pack/v1'), u32(chunkBytes + 16), ...leaves.slice(i, i + perPack)))
  const root = merkleRoot(leaves, 0)
  const counts = [u64(plaintext.length), u32(count), u32(perPack)]
  const header = Buffer.concat([prefix, ...counts, salt, keyCommitment, root, Buffer.alloc(8)])
  return { header, chunks, leaves, packs, metadataKey: hkdf(dek, salt, tag('allod/meta/v1')) }
}

export function gcm(key: Buffer, nonce: Buffer, aad: Buffer, plaintext: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(aad)
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

/** RFC 6962, 2.1, with this protocol's leaf nodes. */
export function merkleRoot(leaves: readonly Buffer[], first: number): Buffer {
  if (leaves.length === 1) return sha256(u8(0), u32(first), leaves[0] as Buffer)
  const split = largestPowerBelow(leaves.length)
  return sha256(u8(1), merkleRoot(leaves.slice(0, split), first), merkleRoot(leaves.slice(split), first + split))
}

/** RFC 6962, 2.1.1: the audit path of leaf `index`, from the leaf up. */
export function auditPath(leaves: readonly Buffer[], index: number, first = 0): Buffer[] {
  if (leaves.length === 1) return []
  const split = largestPowerBelow(leaves.length)
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)]
  return index < split
    ? [...auditPath(left, index, first), merkleRoot(right, first + split)]
    : [...auditPath(right, index - split, first + split), merkleRoot(left, first)]
}

function largestPowerBelow(n: number): number {
  let k = 1
  while (2 * k < n) k *= 2
  return k
}

/** Shamir over GF(2^8) with the AES polynomial; a share is its y values and then its x. */
export function shamir(secret: Buffer, coefficients: readonly Buffer[], xs: readonly number[]): Buffer[] {
  return xs.map((x) => {
    const ys = [...secret].map((byte, i) => {
      let y = byte
      let power = x
      for (const c of coefficients) {
        y ^= multiply(c[i] as number, power)
        power = multiply(power, x)
      }
      return y
    })
    return Buffer.from([...ys, x])
  })
}

function multiply(a: number, b: number): number {
  let product = 0
  let [x, y] = [a, b]
  for (; y > 0; y >>= 1) {
    if (y & 1) product ^= x
    x = x & 0x80 ? ((x << 1) ^ 0x11b) & 0xff : x << 1
  }
  return product
}

/** One USTAR header as POSIX has it, with any field to be set wrong. */
export type TarFields = {
  name: string
  prefix?: string
  mode?: string
  uid?: string
  size: number
  sizeField?: string
  mtime?: string
  type?: string
  linkname?: string
  magic?: string
  uname?: string
  checksum?: string
}

export function tarHeader(f: TarFields): Buffer {
  const block = Buffer.alloc(512)
  const put = (text: string, at: number) => block.write(text, at, 'utf8')
  put(f.name, 0)
  put(f.mode ?? '0000644\0', 100)
  put(f.uid ?? '0000000\0', 108)
  put('0000000\0', 116)
  block.write(f.sizeField ?? `${f.size.toString(8).padStart(11, '0')}\0`, 124, 'latin1')
  put(f.mtime ?? '00000000000\0', 136)
  put('        ', 148)
  put(f.type ?? '0', 156)
  put(f.linkname ?? '', 157)
  put(f.magic ?? 'ustar\x0000', 257)
  put(f.uname ?? '', 265)
  put('0000000\0', 329)
  put('0000000\0', 337)
  put(f.prefix ?? '', 345)
  const sum = block.reduce((total, byte) => total + byte, 0)
  put(f.checksum ?? `${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

/** A header, the content, and zeros to a whole block. */
export const tarFile = (fields: Omit<TarFields, 'size'>, content: Buffer): Buffer =>
  Buffer.concat([
    tarHeader({ ...fields, size: content.length }),
    content,
    Buffer.alloc((512 - (content.length % 512)) % 512),
  ])

export const tarEnd = Buffer.alloc(1024)
