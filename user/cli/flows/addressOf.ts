import { type Hex, isHex, keccak256, toHex, utf8 } from '@allod/protocol'
import { fail } from '../frame/errors.ts'

/**
 * An address given as an option. One that mixes capitals carries a checksum in them (EIP-55), which must hold.
 * @throws cli/bad-usage
 */
export function addressOf(option: string, given: string): Hex {
  const address = given.toLowerCase()
  if (!given.startsWith('0x') || !isHex(address, 20))
    throw fail('bad-usage', { expected: `--${option} 0x… of 20 bytes`, actual: given })
  const digits = given.slice(2)
  const isPlain = digits === digits.toLowerCase() || digits === digits.toUpperCase()
  if (!isPlain && digits !== checksummed(address.slice(2)))
    throw fail('bad-usage', {
      expected: `--${option} with capitals as its checksum wants them`,
      actual: given,
      hint: 'a digit is wrong: copy the address again from where it came',
    })
  return address
}

// EIP-55: a letter is a capital where the hash of the lower-case digits has at least 8 at its place.
function checksummed(digits: string): string {
  const hash = toHex(keccak256(utf8(digits))).slice(2)
  return [...digits]
    .map((digit, i) => (Number.parseInt(hash[i] ?? '0', 16) >= 8 ? digit.toUpperCase() : digit))
    .join('')
}
