import { hkdfSync } from 'node:crypto'
import { type HpkeKey, newHpkeKey } from '@allod/content'
import { type Hex, keeperId, newSigningKey, Secret, type SigningKey } from '@allod/protocol'

/** Everything a keeper holds. The first two are attested and make its id; the MAC keys never leave it. */
export type KeeperKeys = {
  readonly id: Hex
  /** Shares are sealed to it. */
  readonly hpke: HpkeKey
  /** Votes, facts and log entries are signed with it. */
  readonly signing: SigningKey
  readonly challengeMac: Secret
  readonly leaseMac: Secret
}

/**
 * The keys that follow from a sealing key. The chip gives the same sealing key to the same build under the same
 * configuration on the same machine only, so an identity outlives a restart and nothing is stored.
 */
export async function keeperKeys(sealing: Secret): Promise<KeeperKeys> {
  const derive = (purpose: string): Uint8Array<ArrayBuffer> =>
    new Uint8Array(hkdfSync('sha256', sealing.expose(), new Uint8Array(), `allod/keeper-${purpose}/v1`, 32))
  const hpke = await newHpkeKey(new Secret(derive('hpke')))
  const signing = newSigningKey(derive('signing'))
  return {
    id: keeperId({ hpkeKey: hpke.publicKey, address: signing.address }),
    hpke,
    signing,
    challengeMac: new Secret(derive('challenge')),
    leaseMac: new Secret(derive('lease')),
  }
}
