import { createHmac } from 'node:crypto'
import { canonicalise, equalBytes, fromHex, type Hex, type Json, type Secret, toHex } from '@allod/protocol'

/** HMAC-SHA256 over a document's canonical bytes: what a keeper said once and need not remember. */
export const macOf = (key: Secret, document: Json): Hex =>
  toHex(createHmac('sha256', key.expose()).update(canonicalise(document)).digest())

/** True where `mac` is this keeper's over the document. */
export const isMacOf = (key: Secret, document: Json, mac: Hex): boolean =>
  equalBytes(fromHex(macOf(key, document), 32), fromHex(mac, 32))
