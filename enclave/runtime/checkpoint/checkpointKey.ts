import { hkdfSync } from 'node:crypto'
import { concat, fromHex, type Hex, type JobDocument, lp, Secret, specHash, utf8 } from '@allod/protocol'
import type { OpenedKey } from '../grant/openKeys.ts'

/**
 * The key that an order's checkpoints are sealed under: it follows from the keys of every sealed input, the order and its
 * spec, so that a later generation of the order has it once keepers granted it the same inputs, and nobody else does. Null
 * where none of the sealed inputs is the buyer's: then their owners could derive it too, and what was learned from a public
 * dataset is none of their business. Such an order trains from its start again.
 */
export function checkpointKey(job: JobDocument, buyer: Hex, opened: readonly OpenedKey[]): Secret | null {
  if (job.spec.kind !== 'finetune' || !opened.some(({ manifest }) => manifest.owner === buyer)) return null
  const sorted = [...opened].sort((a, b) => (a.input < b.input ? -1 : 1))
  const keys = concat(...sorted.map(({ dek }) => lp(dek.expose())))
  const info = concat(utf8('allod/checkpoint/v1'), fromHex(job.order), fromHex(specHash(job.spec)))
  const key = new Uint8Array(hkdfSync('sha256', keys, new Uint8Array(32), info, 32))
  keys.fill(0)
  return new Secret(key)
}
