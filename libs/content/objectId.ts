import { fromHex, type Hex, taggedHash } from '@allod/protocol'

/** What an object is: its content, its owner and its policy, in one name. */
export const objectIdOf = (header: Uint8Array, owner: Hex, policyHash: Hex): Hex =>
  taggedHash('allod/object/v1', header, fromHex(owner, 20), fromHex(policyHash, 32))
