import { type Json, toBase64Url } from '@allod/protocol'

/** A value as `--json` prints it: amounts as decimal strings, bytes as base64url, nothing undefined. */
export const jsonOf = (value: unknown): Json => JSON.parse(JSON.stringify(value, (_, v) => textOf(v)) ?? 'null') as Json

const textOf = (value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value instanceof Uint8Array ? toBase64Url(value) : value
