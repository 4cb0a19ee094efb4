import { errorsOf } from '@allod/protocol'
import type { ChatFormat } from './chat.ts'
import type { Dataset, DatasetRow, RowProblem } from './dataset.ts'

/** A row that looks as if it named somebody: pointed out, never refused. */
export type PersonalNote = { readonly file: string; readonly line: number; readonly kind: PersonalKind }
export type PersonalKind = 'email' | 'phone' | 'iban' | 'card' | 'ip-address'

/** What a dataset comes to, before it is sealed and before anything is paid. */
export type DatasetSummary = {
  readonly rows: number
  readonly tokens: number
  /** Tokens the model is trained to say. */
  readonly answerTokens: number
  readonly longestRow: number
  /** Rows longer than the model reads; they would be cut. */
  readonly cutRows: readonly { readonly file: string; readonly line: number; readonly tokens: number }[]
  readonly duplicates: readonly { readonly file: string; readonly line: number; readonly of: string }[]
  readonly personal: readonly PersonalNote[]
}

const fail = errorsOf('models', {
  'bad-dataset': ['rows of the dataset cannot be used', 'correct the rows listed, or remove them'],
})

const MAX_LISTED = 100

/**
 * Refuses a dataset with bad rows, listing all of them; otherwise counts it and points out what its owner may want to
 * know.
 * @param positions how many tokens the model reads at once
 * @throws models/bad-dataset with `meta.problems`: file, line and reason of each bad row
 */
export function checkDataset(dataset: Dataset, format: ChatFormat, positions: number): DatasetSummary {
  const { problems, rows } = dataset
  if (problems.length > 0)
    throw fail('bad-dataset', {
      actual: problems.slice(0, 3).map(described).join('; '),
      meta: { count: problems.length, problems: problems.slice(0, MAX_LISTED) },
    })
  const sizes = rows.map((row) => format.tokens(row.messages))
  const lengths = sizes.map((s) => s.ids.length)
  return {
    rows: rows.length,
    tokens: lengths.reduce((a, b) => a + b, 0),
    answerTokens: sizes.reduce((sum, s) => sum + s.counts.filter(Boolean).length, 0),
    longestRow: lengths.reduce((a, b) => Math.max(a, b), 0),
    cutRows: rows.flatMap(({ file, line }, i) => {
      const tokens = lengths[i] as number
      return tokens > positions ? [{ file, line, tokens }] : []
    }),
    duplicates: duplicatesOf(rows),
    personal: rows.flatMap(personalNotes),
  }
}

/** `file:line: reason`, as compilers write it. */
export const described = ({ file, line, reason }: RowProblem): string => `${file}:${line}: ${reason}`

function duplicatesOf(rows: readonly DatasetRow[]): DatasetSummary['duplicates'] {
  const first = new Map<string, string>()
  return rows.flatMap(({ file, line, messages }) => {
    const key = JSON.stringify(messages.map((m) => [m.role, m.content.trim()]))
    const of = first.get(key)
    if (of !== undefined) return [{ file, line, of }]
    first.set(key, `${file}:${line}`)
    return []
  })
}

const PATTERNS: readonly (readonly [PersonalKind, RegExp])[] = [
  ['email', /[\w.+-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63}){1,4}/],
  ['iban', /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}\b/],
  ['phone', /(?<![\d.] ?)(?:\+|00)\d{1,3}(?:[ ./-]?\d{2,4}){2,5}(?!\d)/],
  ['ip-address', /\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b/],
]
const CARD = /\b(?:\d[ -]?){13,19}\b/

function personalNotes({ file, line, messages }: DatasetRow): PersonalNote[] {
  const text = messages.map((m) => m.content).join('\n')
  const kinds = PATTERNS.filter(([, pattern]) => pattern.test(text)).map(([kind]) => kind)
  const digits = CARD.exec(text)?.[0].replace(/\D/g, '')
  if (digits !== undefined && passesLuhn(digits)) kinds.push('card')
  return kinds.map((kind) => ({ file, line, kind }))
}

/** The check digit that payment cards carry. */
function passesLuhn(digits: string): boolean {
  let sum = 0
  for (const [i, c] of [...digits].reverse().entries()) {
    const doubled = Number(c) * (i % 2 === 1 ? 2 : 1)
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}
