import { isAllodError } from '@allod/protocol'

/** What the exit code of a failure says, for scripts. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  network: 3,
  wallet: 4,
  attestation: 5,
  pending: 8,
  interrupted: 130,
} as const

const BY_CODE: readonly (readonly [RegExp, keyof typeof exitCodes])[] = [
  [/^cli\/(unknown-command|bad-usage|bad-policy)$/, 'usage'],
  [/^cli\/interrupted$/, 'interrupted'],
  [
    /^sdk\/(follow-timeout|not-released|not-settled|not-reported|transaction-pending)$|^cli\/order-under-way$/,
    'pending',
  ],
  [
    /^(attestation|report|log|file|tdx|sevsnp|nvidia|rim|nras|x509)\/|^protocol\/(wrong-signer|card-.*)$|^sdk\/(report-refused|agent-refused|bad-receipt)$|^cli\/evidence-refused$/,
    'attestation',
  ],
  [
    /^cli\/(no-password|no-wallet|passwords-differ)$|^sdk\/(.*wallet.*|wrong-password|empty-password|.*keystore.*|too-little-money|over-max-price)$/,
    'wallet',
  ],
  [
    /^(chain|keeper|gateway|store|provider)\/|^sdk\/(no-network|.*unreachable|too-few-stores)$|^content\/(store-.*|no-replica|too-few-replicas)$|^cli\/too-few-holders$/,
    'network',
  ],
]

/** The exit code of an error. */
export function exitCodeOf(error: unknown): number {
  if (!isAllodError(error)) return exitCodes.failed
  const found = BY_CODE.find(([pattern]) => pattern.test(error.code))
  return exitCodes[found?.[1] ?? 'failed']
}
