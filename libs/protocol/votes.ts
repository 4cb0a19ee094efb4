import type { Eip712Type } from './eip712.ts'
import { hex, integer, record, type Shaped } from './shape.ts'

const generation = integer(0, 0xffffffff)

/** A keeper's vote: this enclave passed every check of this order. */
export const enclaveAttestedType: Eip712Type = {
  name: 'EnclaveAttested',
  fields: [
    ['bytes32', 'order'],
    ['uint32', 'generation'],
    ['address', 'enclave'],
    ['bytes32', 'grantKeyHash'],
    ['bytes32', 'build'],
    ['bytes32', 'evidenceHash'],
    ['bytes32', 'committee'],
    ['uint64', 'validUntil'],
  ],
}
export const enclaveAttestedShape = record({
  order: hex(32),
  generation,
  enclave: hex(20),
  grantKeyHash: hex(32),
  build: hex(32),
  evidenceHash: hex(32),
  committee: hex(32),
  /** Unix seconds. */
  validUntil: integer(),
})
export type EnclaveAttested = Shaped<typeof enclaveAttestedShape>

/** The provider's word that it launched this enclave for this order. */
export const launchType: Eip712Type = {
  name: 'Launch',
  fields: [
    ['bytes32', 'order'],
    ['uint32', 'generation'],
    ['address', 'enclave'],
  ],
}
export const launchShape = record({ order: hex(32), generation, enclave: hex(20) })
export type Launch = Shaped<typeof launchShape>

/** Keepers' word that the enclave was alive and attested from `from` to `upTo` (Unix seconds): the time that is paid. */
export const aliveType: Eip712Type = {
  name: 'Alive',
  fields: [
    ['bytes32', 'order'],
    ['uint32', 'generation'],
    ['uint64', 'from'],
    ['uint64', 'upTo'],
  ],
}
export const aliveShape = record({ order: hex(32), generation, from: integer(), upTo: integer() })
export type Alive = Shaped<typeof aliveShape>

/** The enclave's word on its report and on what the order derived. */
export const reportedType: Eip712Type = {
  name: 'Reported',
  fields: [
    ['bytes32', 'order'],
    ['uint32', 'generation'],
    ['bytes32', 'reportHash'],
    ['bytes32', 'lineage'],
  ],
}
export const reportedShape = record({ order: hex(32), generation, reportHash: hex(32), lineage: hex(32) })
export type Reported = Shaped<typeof reportedShape>

/** The enclave's word that an order failed, and by which input (index into its offers; 255: none). */
export const failedType: Eip712Type = {
  name: 'Failed',
  fields: [
    ['bytes32', 'order'],
    ['uint32', 'generation'],
    ['bytes32', 'reason'],
    ['uint8', 'input'],
  ],
}
export const failedShape = record({ order: hex(32), generation, reason: hex(32), input: integer(0, 255) })
export type Failed = Shaped<typeof failedShape>

/** A signature with its signer; lists of them are strictly ascending by address. */
export const signedByShape = record({ signer: hex(20), signature: hex(65) })
export type SignedBy = Shaped<typeof signedByShape>

/** Sorts signatures as contracts and verifiers demand them. */
export const ascending = (signatures: readonly SignedBy[]): readonly SignedBy[] =>
  [...signatures].sort((a, b) => (a.signer < b.signer ? -1 : 1))
