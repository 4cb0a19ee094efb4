import { type Manifest, requireManifest } from '@allod/content'
import type { Hex, Royalty } from '@allod/protocol'
import type { ObjectSeen, Origin } from '../chain/ChainFacts.ts'
import { fail } from '../errors.ts'
import type { SealedInput } from './requireManifests.ts'

/**
 * Each input is whose it claims to be, and paid for: rented under its registered owner's offer, or the buyer's own. A
 * derived object is signed by the enclave that the chain names, and always rented, so that its floors are paid.
 * @throws keeper/input-unpaid, keeper/object-unregistered, keeper/object-owner, keeper/object-halted,
 * keeper/derived-unproved, keeper/committee-mismatch, keeper/royalties-mismatch, content/object-mismatch,
 * content/manifest-signer, protocol/wrong-signer
 */
export function requireOwnership(
  inputs: readonly SealedInput[],
  objects: readonly ObjectSeen[],
  { buyer, market }: { readonly buyer: Hex; readonly market: Hex },
): void {
  for (const input of inputs) {
    const seen = objects.find((o) => o.objectId === input.objectId)
    if (seen === undefined) throw fail('object-unregistered', { actual: input.objectId })
    requireRegistration(input, seen)
    requireManifest(input.manifest, { objectId: input.objectId, signer: signerOf(input, seen, market) })
    if (input.offer === null) requireBuyersOwn(input, seen, buyer)
  }
}

function requireRegistration({ objectId, offer, manifest }: SealedInput, seen: ObjectSeen): void {
  if (offer && offer.owner !== manifest.owner)
    throw fail('object-owner', { expected: manifest.owner, actual: offer.owner, meta: { objectId } })
  if (seen.standing === 'unknown') {
    if (offer) throw fail('object-unregistered', { actual: objectId })
    return
  }
  if (seen.owner !== manifest.owner)
    throw fail('object-owner', { expected: seen.owner, actual: manifest.owner, meta: { objectId } })
  if (seen.standing !== 'live') throw fail('object-halted', { actual: seen.standing, meta: { objectId } })
  const { self, inherited } = manifest.policy.royalties
  if (!isSame(self, seen.self) || !isSameTable(inherited, seen.dues))
    throw fail('royalties-mismatch', {
      expected: { self, inherited },
      actual: { self: seen.self, inherited: seen.dues },
    })
}

// Made by an order: its maker's signature, or anyone who learned the key could seal its like without the lineage.
function signerOf({ objectId, manifest }: SealedInput, seen: ObjectSeen, market: Hex): Hex {
  if (seen.origin !== null) return makerOf(objectId, manifest, seen.origin, market)
  if (isDerived(manifest)) throw fail('derived-unproved', { actual: objectId })
  return manifest.owner
}

/**
 * The enclave that made an object. Only the object's own committee can have seen what it is: whoever registers keepers of their
 * own has them let in any key. Of another market's orders this one knows nothing.
 * @throws keeper/derived-unproved, keeper/committee-mismatch
 */
export function makerOf(objectId: Hex, { policy }: Manifest, origin: Origin, market: Hex): Hex {
  if (origin.market !== market)
    throw fail('derived-unproved', { expected: market, actual: origin.market, meta: { objectId } })
  if (origin.committee !== policy.committee)
    throw fail('committee-mismatch', { expected: policy.committee, actual: origin.committee, meta: { objectId } })
  return origin.enclave
}

function requireBuyersOwn({ objectId, manifest, name }: SealedInput, seen: ObjectSeen, buyer: Hex): void {
  const isOwn = manifest.owner === buyer && seen.origin === null && !isDerived(manifest)
  if (!isOwn) throw fail('input-unpaid', { expected: `${buyer}'s own`, actual: objectId, meta: { input: name } })
}

const isDerived = ({ policy }: SealedInput['manifest']): boolean =>
  policy.lineage.length > 0 || Object.keys(policy.royalties.inherited).length > 0

type Table = { readonly [ancestor: string]: Royalty }

function isSameTable(policy: Table, chain: Table): boolean {
  const owed = (table: Table) => Object.keys(table).filter((a) => !isNothing(table[a] as Royalty))
  const [wanted, found] = [owed(policy), owed(chain)]
  return wanted.length === found.length && wanted.every((a) => chain[a] && isSame(policy[a] as Royalty, chain[a]))
}

const isNothing = (r: Royalty): boolean => r.bps === 0 && r.floorPerSecond === '0' && r.floorPerOrder === '0'

const isSame = (a: Royalty, b: Royalty): boolean =>
  a.bps === b.bps && a.floorPerSecond === b.floorPerSecond && a.floorPerOrder === b.floorPerOrder
