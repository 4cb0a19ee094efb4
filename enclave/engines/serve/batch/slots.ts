import type { Lane, Planned, Running, Slot } from './lane.ts'

/** The places of a lane, all free. */
export const newSlots = (lane: Lane): readonly Slot[] =>
  Array.from({ length: lane.sequences }, (_, id): Slot => ({ id, running: null, evaluated: [] }))

/** The free slot whose cache begins most like the prompt; null where none is free. */
export function bestSlot(slots: readonly Slot[], prompt: readonly number[]): Slot | null {
  let best: Slot | null = null
  for (const slot of slots) {
    if (slot.running !== null) continue
    if (best === null || commonPrefix(slot.evaluated, prompt) > commonPrefix(best.evaluated, prompt)) best = slot
  }
  return best
}

/** Empties a slot's cache but for its first `keep` tokens. */
export function forget(lane: Lane, slot: Slot, keep: number): void {
  lane.context.removeTokenCellsFromSequence(slot.id, keep, -1)
  slot.evaluated.length = Math.min(slot.evaluated.length, keep)
}

/**
 * Fills the native batch: answers under way first, then prompts in the order they came, cut to what is left of the step.
 * @returns what each slot put in; empty where nothing runs
 */
export function planStep(lane: Lane, slots: readonly Slot[], batchTokens: number): readonly Planned[] {
  const chosen: { slot: Slot; running: Running; tokens: readonly number[] }[] = []
  let left = Math.max(batchTokens, slots.length)
  const turn = slots.flatMap((slot) => (slot.running === null ? [] : [{ slot, running: slot.running }]))
  const isPrompt = ({ pending }: Running): number => (pending.length > 1 ? 1 : 0)
  turn.sort((a, b) => isPrompt(a.running) - isPrompt(b.running) || a.running.order - b.running.order)
  for (const { slot, running } of turn) {
    if (left === 0) break
    const tokens = running.pending.slice(0, left)
    left -= tokens.length
    chosen.push({ slot, running, tokens })
  }
  if (chosen.length === 0) return []
  lane.context.initBatch(chosen.reduce((n, c) => n + c.tokens.length, 0))
  return chosen.map(({ slot, running, tokens }) => {
    const isWhole = tokens.length === running.pending.length
    const wanted = Uint32Array.from(isWhole ? [tokens.length - 1] : [])
    const at = lane.context.addToBatch(slot.id, slot.evaluated.length, Uint32Array.from(tokens), wanted)
    for (const token of tokens) slot.evaluated.push(token)
    running.pending = running.pending.slice(tokens.length)
    return { slot, running, logits: at[0] ?? null }
  })
}

/** Length of the beginning that both have. */
export function commonPrefix(a: readonly number[], b: readonly number[]): number {
  const length = Math.min(a.length, b.length)
  let i = 0
  while (i < length && a[i] === b[i]) i++
  return i
}
