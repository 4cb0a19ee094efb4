import { errorsOf } from './AllodError.ts'
import { concat, fromHex, type Hex, toHex, utf8 } from './bytes.ts'
import { sha256, taggedHash } from './hash.ts'
import { hex, hexUpTo, integer, list, record, type Shaped } from './shape.ts'

/** A keeper's two keys: X-Wing (HPKE) for shares, secp256k1 for votes. */
export const keeperKeysShape = record({ hpkeKey: hexUpTo(2048), address: hex(20) })
export type KeeperKeys = Shaped<typeof keeperKeysShape>

/** Who can open an object together: members sorted by keeper id, any `t` of them. */
export const committeeShape = record({ t: integer(1, 16), members: list(keeperKeysShape, 16, 1) })
export type Committee = Shaped<typeof committeeShape>

const fail = errorsOf('protocol', {
  'bad-committee': ['a committee is malformed', 'sort members by keeper id, each once, with 1 <= t <= n <= 16'],
})

/** SHA-256("allod/keeper/v1" ‖ X-Wing key ‖ address). */
export const keeperId = (keys: KeeperKeys): Hex =>
  taggedHash('allod/keeper/v1', fromHex(keys.hpkeKey), fromHex(keys.address, 20))

/** SHA-256("allod/committee/v1" ‖ u8 t ‖ u8 n ‖ sorted keeper ids): a committee's name on chain and in policies. */
export function committeeIdOf(t: number, keeperIds: readonly Hex[]): Hex {
  for (let i = 1; i < keeperIds.length; i++)
    if ((keeperIds[i - 1] as Hex) >= (keeperIds[i] as Hex))
      throw fail('bad-committee', { actual: 'members out of order' })
  if (t < 1 || t > keeperIds.length || keeperIds.length > 16)
    throw fail('bad-committee', { actual: `${t} of ${keeperIds.length}` })
  return toHex(
    sha256(
      concat(utf8('allod/committee/v1'), Uint8Array.of(t, keeperIds.length), ...keeperIds.map((id) => fromHex(id, 32))),
    ),
  )
}

/** A committee's id, from its members' keys. @throws protocol/bad-committee */
export const committeeId = (committee: Committee): Hex => committeeIdOf(committee.t, committee.members.map(keeperId))

/** Puts members in order. */
export const newCommittee = (t: number, members: readonly KeeperKeys[]): Committee => ({
  t,
  members: [...members].sort((a, b) => (keeperId(a) < keeperId(b) ? -1 : 1)),
})
