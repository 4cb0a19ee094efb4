import { type AllodError, type Hex, integer, type Shape, text } from '@allod/protocol'
import type { TcbPart } from './claims.ts'
import { fail } from './errors.ts'
import type { StrictJson } from './strictJson.ts'

/** From when until when a document holds, Unix seconds, both ends included. */
export type Window = { readonly issued: number; readonly nextUpdate: number }

/** A level: the security version from which it counts, and what Intel says of it. */
export type SvnLevel = TcbPart & { readonly isvsvn: number }

/** Reads members of an object that Intel signed. Unknown ones are left alone: Intel added some within a version. */
export type Fields = {
  readonly get: <T>(name: string, shape: Shape<T>) => T
  readonly optional: <T>(name: string, shape: Shape<T>) => T | null
}

const MAX_ADVISORIES = 256

/** The members of `value`, read by shapes. @throws protocol/bad-shape */
export function fieldsOf(value: unknown, path = '$'): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw fail('bad-json', { expected: 'an object', meta: { path } })
  const members = value as { readonly [name: string]: StrictJson }
  const has = (name: string): boolean => Object.hasOwn(members, name)
  return {
    get: (name, shape) => shape(members[name], `${path}.${name}`),
    optional: (name, shape) => (has(name) ? shape(members[name], `${path}.${name}`) : null),
  }
}

/** Hex of a fixed size, in either case and without prefix, as Intel writes it. */
export const intelHex =
  (sizeBytes: number): Shape<Hex> =>
  (value, path) =>
    `0x${text(2 * sizeBytes, new RegExp(`^[0-9a-fA-F]{${2 * sizeBytes}}$`))(value, path).toLowerCase()}`

/** A moment as Intel writes it, `2026-03-16T22:06:09Z`. */
export const moment: Shape<string> = (value, path) => {
  const written = text(20, /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/)(value, path)
  const ms = Date.parse(written)
  // Date.parse rolls some impossible days over.
  if (Number.isNaN(ms) || new Date(ms).toISOString() !== written.replace('Z', '.000Z'))
    throw fail('bad-json', { expected: 'a date that exists', actual: written })
  return written
}

/** The window of a document. */
export const windowOf = ({ get }: Fields): Window => ({
  issued: Date.parse(get('issueDate', moment)) / 1000,
  nextUpdate: Date.parse(get('nextUpdate', moment)) / 1000,
})

/** Status, date and advisories of a level. @param statuses those that Intel defines for its sort */
export const statusOf = ({ get, optional }: Fields, status: Shape<TcbPart['status']>): TcbPart => ({
  status: get('tcbStatus', status),
  tcbDate: get('tcbDate', moment),
  advisories: optional('advisoryIDs', advisoryIds) ?? [],
})

const advisoryIds: Shape<readonly string[]> = (value, path = '$') =>
  items(value, MAX_ADVISORIES, path).map((v, i) => text(32, /^INTEL-(?:SA|DOC)-\d{5}$/)(v, `${path}[${i}]`))

/** Levels of an enclave or a module, best first, as `tcbLevels` lists them. */
export const svnLevels =
  (status: Shape<TcbPart['status']>): Shape<readonly SvnLevel[]> =>
  (value, path = '$') =>
    items(value, 64, path).map((v, i) => {
      const fields = fieldsOf(v, `${path}[${i}]`)
      const tcb = fields.get('tcb', (x, p) => fieldsOf(x, p))
      return { isvsvn: tcb.get('isvsvn', integer(0, 0xffff)), ...statusOf(fields, status) }
    })

/** A list of at most `max` values of any sort. */
export function items(value: unknown, max: number, path: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length > max)
    throw fail('bad-json', { expected: `a list of at most ${max}`, meta: { path } })
  return value
}

/** Runs `parse`; whatever it refuses becomes `error` with the cause kept. */
export function parseAs<T>(error: (cause: unknown) => AllodError, parse: () => T): T {
  try {
    return parse()
  } catch (cause) {
    throw error(cause)
  }
}
