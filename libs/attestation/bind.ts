import {
  type BoundFacts,
  gpuNonceInput,
  type Hex,
  noncesInput,
  reportDataInput,
  toHex,
  type VerifierNonce,
} from '@allod/protocol'
import { digest } from './digest.ts'
import type { Verified } from './verified.ts'

/** What the one who checks knows by itself: its nonce, and what the facts must be. Fields left out are not compared. */
export type BindingContext = {
  readonly nonce: VerifierNonce
  /** Unix seconds until which the nonce is good. */
  readonly nonceValidUntil: number
  readonly expected: Partial<Omit<BoundFacts, 'nonces' | 'devicesHash' | 'buildDigest'>>
}

/** Verified evidence beside the facts it claims to bind; each pair is what was found and what it must equal. */
export type Bound = {
  readonly verified: Verified
  readonly facts: BoundFacts
  readonly context: BindingContext
  readonly reportData: { readonly expected: Hex; readonly actual: Hex }
  readonly devicesHash: { readonly expected: Hex; readonly actual: Hex }
  /** The nonce that every device must have signed. */
  readonly gpuNonce: Hex
}

/** Puts evidence and facts side by side. Pure; `appraise` lists the outcome, so nothing is refused half-seen. */
export async function bind(verified: Verified, facts: BoundFacts, context: BindingContext): Promise<Bound> {
  const nonces = await digest('SHA-256', noncesInput(facts.nonces))
  const [expected, asked] = await Promise.all([
    digest('SHA-512', reportDataInput(facts, nonces)),
    digest('SHA-256', gpuNonceInput(nonces, facts.hpkeKey)),
  ])
  return {
    verified,
    facts,
    context,
    reportData: { expected: toHex(expected), actual: verified.cpu.reportData },
    devicesHash: { expected: facts.devicesHash, actual: verified.devicesHash },
    gpuNonce: toHex(asked),
  }
}
