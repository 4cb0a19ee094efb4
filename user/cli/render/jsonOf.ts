import type { Json } from '@allod/protocol'

/** A value as `--json` prints it: amounts as decimal strings, nothing undefined. */
export const jsonOf = (value: unknown): Json =>
  JSON.parse(JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? v.toString() : v)) ?? 'null') as Json
