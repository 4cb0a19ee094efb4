import type { ObjectHolders } from '@allod/sdk'
import type { Output } from '../frame/Output.ts'

/** Stores that must hold an object: with fewer, one accident loses it. */
export const ENOUGH_HOLDERS = 2

/** Says what to do where an object is one accident from being lost. */
export function replicateHint(out: Output, { holders, manifestHash }: ObjectHolders): void {
  if (holders.length >= ENOUGH_HOLDERS) return
  const who = holders.length === 0 ? 'no store that answers holds it' : 'one store holds it'
  out.note(out.paintNotes.yellow(`${who}; copy it to the others: npx allod object replicate ${manifestHash}`))
}
