import type { SigningKey } from '@allod/protocol'

/** Who acts: a name for people, and the key that signs. */
export type Wallet = { readonly name: string; readonly key: SigningKey }
