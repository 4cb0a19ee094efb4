import { BaseError, decodeErrorResult, type Hex, parseAbi } from 'viem'
import { assetsAbi, catalogAbi, marketAbi, registryAbi, trustAbi } from './abi.ts'

// What the library that moves tokens says where the token refused.
const transferErrors = parseAbi(['error TransferFromFailed()', 'error TransferFailed()'])

/** Every custom error of every contract. */
export const contractErrors = [
  ...[...assetsAbi, ...catalogAbi, ...marketAbi, ...registryAbi, ...trustAbi].filter((item) => item.type === 'error'),
  ...transferErrors,
]

/** A contract's refusal: its error by name, with its arguments by theirs. */
export type Revert = { readonly name: string; readonly args: { readonly [name: string]: string } }

/** The contract's refusal inside whatever was thrown; null where there is none. */
export function revertOf(error: unknown): Revert | null {
  const data = revertData(error)
  if (data === null) return null
  if (data === '0x') return { name: 'reverted', args: {} }
  try {
    const { errorName, args = [], abiItem } = decodeErrorResult({ abi: contractErrors, data })
    const inputs = abiItem.inputs ?? []
    return {
      name: errorName,
      args: Object.fromEntries((args as readonly unknown[]).map((v, i) => [inputs[i]?.name ?? String(i), String(v)])),
    }
  } catch {
    return { name: data.slice(0, 10), args: {} }
  }
}

function revertData(error: unknown): Hex | null {
  if (!(error instanceof BaseError)) return null
  const inner = error.walk(
    (e) =>
      typeof (e as { data?: unknown }).data === 'string' ||
      typeof (e as { data?: { data?: unknown } }).data?.data === 'string',
  )
  const data = (inner as { data?: unknown } | null)?.data
  const found = typeof data === 'string' ? data : (data as { data?: unknown } | undefined)?.data
  if (typeof found === 'string' && /^0x[0-9a-f]*$/i.test(found)) return found as Hex
  return /execution reverted|revert/i.test(error.message) ? '0x' : null
}
