import { type HpkeKey, newHpkeKey } from '@allod/content'
import { concat, fromHex, type Hex, newSigningKey, Secret, type SigningKey, utf8 } from '@allod/protocol'
import type { Wallet } from './wallet.ts'

/**
 * The keys of one order: results and figures are sealed to the first two, the third signs access tokens to an agent. They
 * follow from the wallet's key and the order's salt, so that whoever keeps the wallet keeps its results, and nothing else
 * has to be stored.
 */
export type OrderKeys = { readonly results: HpkeKey; readonly logs: HpkeKey; readonly tokens: SigningKey }

/** Derives an order's keys. @param salt the job spec's salt, 32 bytes */
export async function orderKeys(wallet: Wallet, salt: Hex): Promise<OrderKeys> {
  return {
    results: await newHpkeKey(await derivedKey(wallet, 'allod/results-key/v1', salt)),
    logs: await newHpkeKey(await derivedKey(wallet, 'allod/logs-key/v1', salt)),
    tokens: newSigningKey((await derivedKey(wallet, 'allod/tokens-key/v1', salt)).expose()),
  }
}

/** The key under which a wallet's sealing journals lie on disk. */
export const journalKey = (wallet: Wallet): Promise<Secret> =>
  derivedKey(wallet, 'allod/journal-key/v1', `0x${'00'.repeat(32)}`)

/** HKDF-SHA256 of the wallet's key under a purpose and a salt: 32 bytes, none of which tell of the wallet's own. */
async function derivedKey({ key }: Wallet, purpose: `allod/${string}/v1`, salt: Hex): Promise<Secret> {
  const root = await crypto.subtle.importKey('raw', key.secret.expose(), 'HKDF', false, ['deriveBits'])
  const info = concat(utf8(purpose), fromHex(key.address, 20))
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt: fromHex(salt, 32), info }
  return new Secret(new Uint8Array(await crypto.subtle.deriveBits(parameters, root, 256)))
}
