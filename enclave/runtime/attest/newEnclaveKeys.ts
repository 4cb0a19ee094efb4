import { type HpkeKey, newHpkeKey } from '@allod/content'
import { newSigningKey, type SigningKey } from '@allod/protocol'

/** The enclave's keys, made at boot and never stored: each has one use. */
export type EnclaveKeys = {
  /** Shares are sealed to it; erased once the inputs are open. */
  readonly grant: HpkeKey
  /** Clients seal requests to it. */
  readonly service: HpkeKey
  /** Signs renewals, reports, manifests and receipts; its address is the enclave's name. */
  readonly signing: SigningKey
}

/** Fresh keys. */
export async function newEnclaveKeys(): Promise<EnclaveKeys> {
  return { grant: await newHpkeKey(), service: await newHpkeKey(), signing: newSigningKey() }
}
