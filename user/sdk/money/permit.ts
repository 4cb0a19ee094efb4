import type { View } from '@allod/chain'
import { addressWord, type Hex, keccak256, signDigest, toHex, typedDigest, utf8, word } from '@allod/protocol'
import type { Network } from '../network/network.ts'
import type { Wallet } from '../wallet/wallet.ts'

/** An EIP-2612 permit as `depositWithPermit` takes it. */
export type Permit = { readonly deadline: bigint; readonly v: number; readonly r: Hex; readonly s: Hex }

const VERSION = '1'
const GOOD_FOR_SECONDS = 600

/**
 * Lets the market take exactly `units`, by a signature instead of a transaction; null where the token has no permits.
 * @throws chain/rpc-disagree and the like
 */
export async function signPermit(
  { network }: { readonly network: Network },
  { key }: Wallet,
  units: bigint,
  view: View,
): Promise<Permit | null> {
  const { addresses, chainId } = network
  const terms = await view.permitTerms(key.address)
  if (terms === null) return null
  const { name, nonce, domainSeparator } = terms
  const domain = { name, version: VERSION, chainId: BigInt(chainId), verifyingContract: addresses.token }
  // A token of another version would refuse the signature; approving works for every token.
  if (separatorOf(domain) !== domainSeparator) return null
  const deadline = BigInt(view.block.time + GOOD_FOR_SECONDS)
  const message = { owner: key.address, spender: addresses.market, value: units, nonce, deadline }
  const signature = signDigest(key, typedDigest(domain, PERMIT, message))
  return {
    deadline,
    r: signature.slice(0, 66) as Hex,
    s: `0x${signature.slice(66, 130)}`,
    v: Number.parseInt(signature.slice(130), 16),
  }
}

const PERMIT = {
  name: 'Permit',
  fields: [
    ['address', 'owner'],
    ['address', 'spender'],
    ['uint256', 'value'],
    ['uint256', 'nonce'],
    ['uint256', 'deadline'],
  ],
} as const

const separatorOf = (domain: { name: string; chainId: bigint; verifyingContract: Hex }): Hex =>
  toHex(
    keccak256(
      keccak256(utf8('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)')),
      keccak256(utf8(domain.name)),
      keccak256(utf8(VERSION)),
      word(domain.chainId),
      addressWord(domain.verifyingContract),
    ),
  )
