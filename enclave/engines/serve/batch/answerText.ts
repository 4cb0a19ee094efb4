import type { Sampled } from './sampling.ts'

/** A token with its place in the answer, for log probabilities. */
export type PlacedToken = Sampled & { readonly bytes: Uint8Array }

/** What may be shown now: whole characters only, and nothing that could still become a stop string. */
export type Piece = { readonly text: string; readonly tokens: readonly PlacedToken[] }

export type AnswerText = {
  push(token: PlacedToken): Piece
  /** The rest, once the model has ended. A character that never became whole shows as U+FFFD. */
  end(): Piece
  /** True once a stop string was met; it and what follows are not part of the answer. */
  isStopped(): boolean
}

/**
 * Turns token bytes into text that can be streamed: a character split over tokens is held back until it is whole, and text that
 * begins a stop string until it is clear whether it is one.
 */
export function answerText(stops: readonly string[]): AnswerText {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let held = ''
  let waiting: { readonly token: PlacedToken; readonly start: number }[] = []
  let decoded = 0
  let shown = 0
  let stopped = false

  function take(count: number, isLast: boolean): Piece {
    const text = held.slice(0, count)
    held = held.slice(count)
    shown += count
    const isDue = (start: number): boolean => start < shown || (isLast && !stopped)
    const tokens = waiting.filter((w) => isDue(w.start)).map((w) => w.token)
    waiting = waiting.filter((w) => !isDue(w.start))
    return { text, tokens }
  }

  return {
    push(token) {
      waiting.push({ token, start: decoded })
      const text = decoder.decode(token.bytes, { stream: true })
      decoded += text.length
      held += text
      const at = firstStop(held, stops)
      if (at < 0) return take(held.length - heldBack(held, stops), false)
      stopped = true
      return take(at, true)
    },
    end() {
      if (stopped) return { text: '', tokens: [] }
      held += decoder.decode()
      return take(held.length, true)
    },
    isStopped: () => stopped,
  }
}

function firstStop(text: string, stops: readonly string[]): number {
  let first = -1
  for (const stop of stops) {
    const at = text.indexOf(stop)
    if (at >= 0 && (first < 0 || at < first)) first = at
  }
  return first
}

/** Length of the longest end of `text` that begins one of the stop strings. */
function heldBack(text: string, stops: readonly string[]): number {
  let longest = 0
  for (const stop of stops)
    for (let n = Math.min(stop.length - 1, text.length); n > longest; n--)
      if (stop.startsWith(text.slice(text.length - n))) longest = n
  return longest
}
