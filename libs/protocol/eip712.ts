import { concat, fromHex, type Hex, toHex, utf8 } from './bytes.ts'
import { keccak256 } from './hash.ts'

/** One member of a flat EIP-712 struct. Nested structs are not used by this protocol. */
export type Eip712Field = readonly [type: 'address' | 'bytes32' | 'bytes32[]' | `uint${number}`, name: string]

export type Eip712Type = { readonly name: string; readonly fields: readonly Eip712Field[] }

/** Where a signature counts: one contract on one chain. */
export type Eip712Domain = {
  readonly name: string
  readonly version: string
  readonly chainId: bigint
  readonly verifyingContract: Hex
}

export type Eip712Message = { readonly [name: string]: Hex | bigint | number | readonly Hex[] }

/** `Offer(address owner,…)`. */
export const encodeType = (type: Eip712Type): string =>
  `${type.name}(${type.fields.map(([t, n]) => `${t} ${n}`).join(',')})`

/** hashStruct of EIP-712. */
export function hashStruct(type: Eip712Type, message: Eip712Message): Hex {
  const words = type.fields.map(([t, n]) => encodeField(t, message[n]))
  return toHex(keccak256(keccak256(utf8(encodeType(type))), ...words))
}

/** The digest a wallet signs: keccak256(0x1901 ‖ domain ‖ struct). */
export function typedDigest(domain: Eip712Domain, type: Eip712Type, message: Eip712Message): Uint8Array<ArrayBuffer> {
  const domainHash = keccak256(
    keccak256(utf8('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)')),
    keccak256(utf8(domain.name)),
    keccak256(utf8(domain.version)),
    word(domain.chainId),
    addressWord(domain.verifyingContract),
  )
  return keccak256(Uint8Array.of(0x19, 0x01), domainHash, fromHex(hashStruct(type, message), 32))
}

/** A 32-byte big-endian word. */
export function word(value: bigint): Uint8Array<ArrayBuffer> {
  if (value < 0n || value >= 1n << 256n) throw new RangeError('a word holds 0..2^256-1')
  return fromHex(`0x${value.toString(16).padStart(64, '0')}`)
}

/** An address in a word. */
export const addressWord = (address: Hex): Uint8Array<ArrayBuffer> => concat(new Uint8Array(12), fromHex(address, 20))

function encodeField(type: string, value: Hex | bigint | number | readonly Hex[] | undefined): Uint8Array {
  if (value === undefined) throw new TypeError(`a member of type ${type} is missing`)
  if (type === 'address') return addressWord(value as Hex)
  if (type === 'bytes32') return fromHex(value as Hex, 32)
  if (type === 'bytes32[]') return keccak256(...(value as readonly Hex[]).map((h) => fromHex(h, 32)))
  const big = BigInt(value as bigint | number)
  if (big >= 1n << BigInt(type.slice(4))) throw new RangeError(`a member of type ${type} is out of range`)
  return word(big)
}
