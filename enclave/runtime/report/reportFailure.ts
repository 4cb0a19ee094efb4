import { setTimeout as delay } from 'node:timers/promises'
import {
  AllodError,
  allodDomain,
  anyJson,
  type FailRequest,
  failedType,
  type Hex,
  isAllodError,
  type JobDocument,
  type SigningKey,
  sha256,
  signDigest,
  toHex,
  typedDigest,
  utf8,
} from '@allod/protocol'
import type { Events } from '../Events.ts'
import { fail } from '../errors.ts'
import { ask, type HostLink, ToldError } from '../HostLink.ts'
import { InputFault, NO_OFFER } from '../inputs/InputFault.ts'

/** Failures that the enclave signs on chain: the order ends and no fee vests. Anything else leaves it to a rebind. */
const final = new Set(['runtime/engine-failed', 'runtime/output-refused', 'content/bad-archive', 'content/wrong-key'])

const TRIES = 3
const AGAIN_MS = 1000

/**
 * Tells the buyer why, by its code, and the chain where the failure is the job's own.
 * @throws runtime/failure-not-kept
 */
export async function reportFailure(
  host: HostLink,
  job: JobDocument,
  key: SigningKey,
  events: Events,
  error: unknown,
): Promise<void> {
  const code = error instanceof AllodError ? error.code : 'runtime/internal'
  events.phase('failed', detailOf(code, error))
  // The host can answer anything under any code: it must not end an order in the enclave's name.
  if (!final.has(code) || error instanceof ToldError) return
  const reason: Hex = toHex(sha256(utf8(code)))
  const input = error instanceof InputFault ? error.offer : NO_OFFER
  const failed = { order: job.order, generation: job.generation, reason, input }
  const digest = typedDigest(allodDomain(BigInt(job.terms.chainId), job.terms.market), failedType, failed)
  await send(host, { failed, signature: signDigest(key, digest), code })
}

// The provider keeps it before it goes on chain. Where it does not, the next enclave does the same work, and the buyer pays.
async function send(host: HostLink, request: FailRequest): Promise<void> {
  for (let tries = 1; ; tries++)
    try {
      await ask(host, 'provider', '/fail', request, anyJson(8), { timeoutMs: 120_000 })
      return
    } catch (cause) {
      if (tries === TRIES) throw fail('failure-not-kept', { cause, actual: request.code })
      await delay(AGAIN_MS)
    }
}

// Why an engine ended and with which code is not a secret; its last words may quote the data and stay inside.
function detailOf(code: string, error: unknown): string {
  if (!isAllodError(error, 'runtime/engine-failed')) return code
  const { actual, exitCode } = error.meta
  return `${code}: ${String(actual)}${exitCode === undefined || exitCode === null ? '' : `, exit code ${String(exitCode)}`}`
}
