import type { Hex } from './bytes.ts'
import type { Eip712Type } from './eip712.ts'
import { hex, record, type Shaped } from './shape.ts'

/** A keeper's word on which account registers it and who is paid its fees; in the Registry's domain. */
export const seatType: Eip712Type = {
  name: 'Seat',
  fields: [
    ['bytes32', 'keeper'],
    ['address', 'account'],
    ['address', 'payee'],
  ],
}

/** `GET /seat`: the signature that Registry asks for, so that nobody takes a keeper's fees by registering it first. */
export const seatReplyShape = record({ keeper: hex(32), account: hex(20), payee: hex(20), signature: hex(65) })
export type SeatReply = Shaped<typeof seatReplyShape>

/** Who runs a keeper, as its measured configuration names it. */
export type Seat = { readonly account: Hex; readonly payee: Hex }
