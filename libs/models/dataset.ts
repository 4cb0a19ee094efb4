import { fromUtf8 } from '@allod/protocol'
import type { ChatMessage, ChatRole } from './chat.ts'
import { parseCsv } from './csv.ts'
import type { Folder } from './folder.ts'

/** One conversation to learn from, and where it was written. */
export type DatasetRow = { readonly file: string; readonly line: number; readonly messages: readonly ChatMessage[] }

/** A row that cannot be used, and why. */
export type RowProblem = { readonly file: string; readonly line: number; readonly reason: string }

export type Dataset = { readonly rows: readonly DatasetRow[]; readonly problems: readonly RowProblem[] }

/** Which columns or keys hold the two sides, where they are not called `prompt` and `completion`. */
export type Columns = { readonly prompt: string; readonly completion: string }

const DEFAULT_COLUMNS: Columns = { prompt: 'prompt', completion: 'completion' }
const MAX_ROWS = 1_000_000
const MAX_TEXT = 200_000
const MAX_MESSAGES = 200
const ROLES: readonly string[] = ['system', 'user', 'assistant'] satisfies ChatRole[]

/**
 * Reads every `.jsonl` and `.csv` file of a dataset folder. A row is `{"messages": [{role, content}, …]}` or has a
 * prompt and a completion. Bad rows do not throw: all of them come back with file, line and reason.
 */
export function readDataset(folder: Folder, columns: Columns = DEFAULT_COLUMNS): Dataset {
  const rows: DatasetRow[] = []
  const problems: RowProblem[] = []
  const files = [...folder.keys()].filter((name) => /\.(jsonl|csv)$/i.test(name)).sort()
  if (files.length === 0) problems.push({ file: '', line: 0, reason: 'the folder holds no .jsonl and no .csv file' })
  for (const file of files) {
    const text = decoded(folder.get(file) as Uint8Array)
    if (text === null) {
      problems.push({ file, line: 1, reason: 'the file is not UTF-8 text' })
      continue
    }
    const found = /\.csv$/i.test(file) ? csvRecords(text) : jsonlRecords(text)
    for (const { line, value, reason } of found) {
      if (rows.length >= MAX_ROWS) {
        problems.push({ file, line, reason: `the dataset has more than ${MAX_ROWS} rows` })
        break
      }
      const messages = reason ?? messagesOf(value, columns)
      if (typeof messages === 'string') problems.push({ file, line, reason: messages })
      else rows.push({ file, line, messages })
    }
  }
  if (rows.length === 0 && problems.length === 0)
    problems.push({ file: files[0] ?? '', line: 1, reason: 'the dataset has no rows' })
  return { rows, problems }
}

type Found = { readonly line: number; readonly value?: unknown; readonly reason?: string }

function* jsonlRecords(text: string): Generator<Found> {
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    try {
      yield { line: i + 1, value: JSON.parse(line) }
    } catch {
      yield { line: i + 1, reason: 'the line is not JSON' }
    }
  }
}

function* csvRecords(text: string): Generator<Found> {
  let header: readonly string[] | undefined
  for (const { line, cells, reason } of parseCsv(text)) {
    if (reason !== undefined) yield { line, reason }
    else if (!header) header = cells.map((c) => c.trim())
    else if (cells.length !== header.length)
      yield { line, reason: `the row has ${cells.length} cells, the header ${header.length}` }
    else yield { line, value: Object.fromEntries(header.map((name, i) => [name, cells[i]])) }
  }
}

/** The row's conversation, or what is wrong with it. */
function messagesOf(value: unknown, columns: Columns): readonly ChatMessage[] | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'the row is not an object'
  const row = value as Readonly<Record<string, unknown>>
  if (row.messages !== undefined) return chatOf(row.messages)
  const [prompt, completion] = [row[columns.prompt], row[columns.completion]]
  for (const [name, side] of [
    [columns.prompt, prompt],
    [columns.completion, completion],
  ] as const) {
    if (side === undefined) return `neither messages nor ${name} is there`
    const problem = textProblem(side)
    if (problem) return `${name} ${problem}`
  }
  return [
    { role: 'user', content: prompt as string },
    { role: 'assistant', content: completion as string },
  ]
}

function chatOf(value: unknown): readonly ChatMessage[] | string {
  if (!Array.isArray(value) || value.length === 0) return 'messages is not a list with entries'
  if (value.length > MAX_MESSAGES) return `messages has more than ${MAX_MESSAGES} entries`
  let previous = 'system'
  const messages: ChatMessage[] = []
  for (const [i, entry] of value.entries()) {
    const { role, content } = (entry ?? {}) as Readonly<Record<string, unknown>>
    if (typeof role !== 'string' || !ROLES.includes(role))
      return `messages[${i}].role is not one of ${ROLES.join(', ')}`
    const problem = textProblem(content)
    if (problem) return `messages[${i}].content ${problem}`
    if (role === 'system' && i > 0) return `messages[${i}] is a system message after the beginning`
    if (role === previous && role !== 'system') return `messages[${i}] is a second message of ${role} in a row`
    if (role === 'assistant' && previous === 'system') return `messages[${i}] answers before anybody asked`
    previous = role
    messages.push({ role: role as ChatRole, content: content as string })
  }
  return previous === 'assistant' ? messages : 'the last message is not the assistant’s'
}

function textProblem(value: unknown): string | null {
  if (typeof value !== 'string') return 'is not text'
  if (value.trim() === '') return 'is empty'
  if (value.length > MAX_TEXT) return `is longer than ${MAX_TEXT} characters`
  return value.isWellFormed() ? null : 'holds half of a surrogate pair'
}

function decoded(bytes: Uint8Array): string | null {
  try {
    return fromUtf8(bytes).replace(/^\uFEFF/, '')
  } catch {
    return null
  }
}
