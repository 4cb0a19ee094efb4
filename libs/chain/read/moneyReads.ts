import { isAllodError } from '@allod/protocol'
import { erc20Abi, parseAbi } from 'viem'
import { marketAbi } from '../abi.ts'
import type { Addresses, View } from '../types.ts'
import type { Call } from './calls.ts'

const permitAbi = parseAbi([
  'function name() view returns (string)',
  'function nonces(address) view returns (uint256)',
  'function DOMAIN_SEPARATOR() view returns (bytes32)',
])

/** What accounts have, and what a permit of the token is signed over, at the block of `call`. */
export const moneyReads = (
  { market, token }: Pick<Addresses, 'market' | 'token'>,
  call: Call,
): Pick<View, 'balance' | 'permitTerms'> => ({
  async balance(account) {
    const [inMarket, wallet] = await Promise.all([
      call(market, marketAbi, 'balanceOf', [account]),
      call(token, erc20Abi, 'balanceOf', [account]),
    ])
    return { market: inMarket, wallet }
  },
  async permitTerms(account) {
    try {
      const [name, nonce, domainSeparator] = await Promise.all([
        call(token, permitAbi, 'name', []),
        call(token, permitAbi, 'nonces', [account]),
        call(token, permitAbi, 'DOMAIN_SEPARATOR', []),
      ])
      return { name, nonce, domainSeparator }
    } catch (error) {
      // What has no such function refuses, or answers with what is none of its results.
      if (isAllodError(error) && error.code !== 'chain/call-reverted') throw error
      return null
    }
  },
})
