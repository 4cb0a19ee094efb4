import { auditPath, hex, merkleRoot, sealObject, sha256, stream, tag } from './reference.ts'

const CHUNK_LOG2 = 16
const CHUNK = 2 ** CHUNK_LOG2

const dek = stream('dek', 32)
const salt = stream('salt', 32)
const owner = stream('owner', 20)
const policyHash = stream('policy', 32)

const lengths: readonly (readonly [name: string, length: number])[] = [
  ['empty', 0],
  ['one byte', 1],
  ['a chunk less one', CHUNK - 1],
  ['exactly one chunk', CHUNK],
  ['a chunk and one', CHUNK + 1],
  ['a pack and a chunk', 65 * CHUNK],
]

const sealed = (length: number, isPadded = false) =>
  sealObject(dek, salt, { chunkLog2: CHUNK_LOG2, isPadded, plaintext: stream('content', length) })

/** Objects, their headers, chunks and trees. */
export const objectVectors = () => ({ objects: objects(), headers: headers(), chunks: chunks(), merkle: merkle() })

function objects() {
  return lengths.map(([name, length]) => {
    const object = sealed(length)
    return {
      name,
      dek: hex(dek),
      salt: hex(salt),
      chunkLog2: CHUNK_LOG2,
      plaintext: { seed: 'content', length },
      owner: hex(owner),
      policyHash: hex(policyHash),
      header: hex(object.header),
      objectId: hex(sha256(tag('allod/object/v1'), object.header, owner, policyHash)),
      leafTable: hex(sha256(...object.leaves)),
      packs: object.packs.map(hex),
    }
  })
}

function headers() {
  const good = sealed(CHUNK + 1).header
  const changed = (at: number, ...bytes: number[]): Buffer => {
    const out = Buffer.from(good)
    out.set(bytes, at)
    return out
  }
  const bad: readonly (readonly [string, Buffer, string])[] = [
    ['one byte short', good.subarray(0, 127), 'bad-header'],
    ['one byte long', Buffer.concat([good, Buffer.alloc(1)]), 'bad-header'],
    ['other magic', changed(0, 0x61), 'bad-header'],
    ['version 2', changed(4, 2), 'bad-header'],
    ['suite 2', changed(5, 2), 'bad-header'],
    ['chunks of 32 KiB', changed(6, 15), 'bad-header'],
    ['chunks of 8 MiB', changed(6, 23), 'bad-header'],
    ['unknown flag', changed(7, 2), 'bad-header'],
    ['one chunk too few', changed(16, 0, 0, 0, 1), 'bad-header'],
    ['one chunk too many', changed(16, 0, 0, 0, 3), 'bad-header'],
    ['no chunks', changed(16, 0, 0, 0, 0), 'bad-header'],
    ['32 chunks per pack', changed(20, 0, 0, 0, 32), 'bad-header'],
    ['reserved bytes in use', changed(127, 1), 'bad-header'],
    ['2^63 bytes', changed(8, 0x80), 'object-too-large'],
  ]
  return {
    good: [
      { name: 'two chunks', header: hex(good) },
      { name: 'padded', header: hex(sealed(CHUNK, true).header) },
    ],
    bad: bad.map(([name, header, code]) => ({ name, header: hex(header), code: `content/${code}` })),
  }
}

/** Chunks given to the wrong place, or changed: none may open. */
function chunks() {
  const object = sealed(2 * CHUNK + 10)
  const [first, second, last] = object.chunks as [Buffer, Buffer, Buffer]
  const flipped = (chunk: Buffer, at: number): Buffer => {
    const out = Buffer.from(chunk)
    out[at] = (out[at] as number) ^ 1
    return out
  }
  const otherSalt = sealObject(dek, stream('other salt', 32), {
    chunkLog2: CHUNK_LOG2,
    isPadded: false,
    plaintext: stream('content', 2 * CHUNK + 10),
  })
  const bad: readonly (readonly [string, number, boolean, Buffer])[] = [
    ['swapped with the next', 0, false, second],
    ['repeated', 1, false, first],
    ['called last', 1, true, second],
    ['the last, called not last', 2, false, last],
    ['the last, cut by a byte', 2, true, last.subarray(0, -1)],
    ['the last, cut to its tag', 2, true, last.subarray(-16)],
    ['the last, cut into its tag', 2, true, last.subarray(-15)],
    ['first bit flipped', 2, true, flipped(last, 0)],
    ['last bit of the tag flipped', 2, true, flipped(last, last.length - 1)],
    ['of the same content under another salt', 2, true, otherSalt.chunks[2] as Buffer],
    ['of a padded object', 2, true, sealed(2 * CHUNK + 10, true).chunks[2] as Buffer],
  ]
  // Whole chunks are too long to write down; a test makes them again from the digest's preimage.
  const describe = (chunk: Buffer) => (chunk.length < 200 ? { sealed: hex(chunk) } : { leaf: hex(sha256(chunk)) })
  return {
    dek: hex(dek),
    header: hex(object.header),
    plaintext: { seed: 'content', length: 2 * CHUNK + 10 },
    leaves: object.leaves.map(hex),
    last: hex(last),
    bad: bad.map(([name, index, isLast, chunk]) => ({ name, index, isLast, ...describe(chunk) })),
  }
}

function merkle() {
  return Array.from({ length: 17 }, (_, i) => {
    const leaves = Array.from({ length: i + 1 }, (_, n) => stream(`leaf ${n}`, 32))
    return {
      count: leaves.length,
      root: hex(merkleRoot(leaves, 0)),
      proofs: leaves.map((_, index) => auditPath(leaves, index).map(hex)),
    }
  })
}
