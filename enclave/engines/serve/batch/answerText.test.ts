import { utf8 } from '@allod/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { answerText, type PlacedToken } from './answerText.ts'

const token = (bytes: Uint8Array, id = 0): PlacedToken => ({ token: id, logprob: null, top: [], bytes })
const tokens = (...texts: string[]): PlacedToken[] => texts.map((t, i) => token(utf8(t), i))

function run(
  stops: readonly string[],
  given: readonly PlacedToken[],
): { pieces: string[]; ids: number[]; stopped: boolean } {
  const text = answerText(stops)
  const pieces: string[] = []
  const ids: number[] = []
  for (const t of given) {
    const piece = text.push(t)
    pieces.push(piece.text)
    ids.push(...piece.tokens.map((p) => p.token))
    if (text.isStopped()) break
  }
  const last = text.end()
  return {
    pieces: [...pieces, last.text],
    ids: [...ids, ...last.tokens.map((p) => p.token)],
    stopped: text.isStopped(),
  }
}

test('holds a character back until all its bytes are there', () => {
  const bytes = utf8('a€𝄞')
  const { pieces } = run(
    [],
    [...bytes].map((b) => token(Uint8Array.of(b))),
  )
  expect(pieces).toEqual(['a', '', '', '€', '', '', '', '𝄞', ''])
})

test('shows what never became a character as U+FFFD at the end', () => {
  expect(run([], [token(utf8('a€').subarray(0, 3))]).pieces).toEqual(['a', '�'])
})

test('cuts at a stop string that is spread over tokens', () => {
  const { pieces, stopped } = run(['STOP'], tokens('go S', 'T', 'OP', ' on'))
  expect(pieces.join('')).toBe('go ')
  expect(stopped).toBe(true)
})

test('shows held text once it is clear that it is no stop string', () => {
  const { pieces, stopped } = run(['STOP'], tokens('ST', 'AY'))
  expect(pieces).toEqual(['', 'STAY', ''])
  expect(stopped).toBe(false)
})

test('shows the beginning of a stop string where the answer ends there', () => {
  expect(run(['STOP'], tokens('a ST')).pieces).toEqual(['a ', 'ST'])
})

test('names a token once its text is shown, and none after a stop string', () => {
  expect(run(['STOP'], tokens('a', 'b', 'ST', 'OP')).ids).toEqual([0, 1])
  expect(run(['STOP'], tokens('a', 'ST', 'AY')).ids).toEqual([0, 1, 2])
})

test('never changes, loses or repeats text, however it is cut into tokens', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'b', ' ', 'é', '€', '𝄞'), maxLength: 40 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'é'), minLength: 1, maxLength: 3 }), { maxLength: 3 }),
      (text, cuts, stops) => {
        const bytes = utf8(text)
        const at = [...new Set([0, ...cuts.map((c) => c % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b)
        const given = at.slice(1).map((end, i) => token(bytes.subarray(at[i], end), i))
        const { pieces, stopped } = run(stops, given)
        const first = Math.min(...stops.map((s) => text.indexOf(s)).filter((i) => i >= 0))
        expect(pieces.join('')).toBe(Number.isFinite(first) ? text.slice(0, first) : text)
        expect(stopped).toBe(Number.isFinite(first))
        expect(pieces.every((p) => p.isWellFormed())).toBe(true)
      },
    ),
    { numRuns: 200 },
  )
})
