import { fromHex, type Hex, toHex } from './bytes.ts'
import { addressWord, word } from './eip712.ts'
import { keccak256 } from './hash.ts'
import { hex, list, record, type Shaped } from './shape.ts'

/** A derived object as its order's report names it, for Assets to register. */
export const derivedShape = record({ header: hex(128), owner: hex(20), policyHash: hex(32), parents: list(hex(32), 8) })
export type Derived = Shaped<typeof derivedShape>

/** What the enclave reports as lineage: keccak256(abi.encode(keccak256(header), owner, policyHash, parents)). */
export const lineageOf = ({ header, owner, policyHash, parents }: Derived): Hex =>
  toHex(
    keccak256(
      keccak256(fromHex(header, 128)),
      addressWord(owner),
      fromHex(policyHash, 32),
      word(0x80n),
      word(BigInt(parents.length)),
      ...parents.map((p) => fromHex(p, 32)),
    ),
  )

/** The lineage of an order that derived nothing. */
export const noLineage: Hex = `0x${'00'.repeat(32)}`
