import { type AllodError, errorsOf } from './AllodError.ts'
import { type Hex, isHex } from './bytes.ts'
import type { Json } from './canonical.ts'

/** Parses an unknown value at the edge; after it no re-checking. Throws `protocol/bad-shape` naming the path. */
export type Shape<T> = (value: unknown, path?: string) => T

/** The type a shape yields. */
export type Shaped<S> = S extends Shape<infer T> ? T : never

const fail = errorsOf('protocol', {
  'bad-shape': ['a document does not have the shape of its kind', 'see the field; unknown ones are refused too'],
})

const bad = (path: string, expected: string, value: unknown): AllodError =>
  fail('bad-shape', { expected, actual: describe(value), meta: { path } })

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80))
  if (typeof value === 'number' || typeof value === 'boolean' || value === undefined || value === null)
    return String(value)
  return Array.isArray(value) ? 'list' : typeof value
}

/** Text of at most `max` UTF-16 units, 200 unless told; `pattern` narrows it. */
export const text =
  (max = 200, pattern?: RegExp): Shape<string> =>
  (v, path = '$') => {
    if (typeof v !== 'string' || v.length > max || (pattern && !pattern.test(v)))
      throw bad(path, `text of at most ${max} characters${pattern ? ` like ${pattern.source}` : ''}`, v)
    return v
  }

/** A whole number in [min, max]. */
export const integer =
  (min = 0, max = Number.MAX_SAFE_INTEGER): Shape<number> =>
  (v, path = '$') => {
    if (typeof v !== 'number' || !Number.isSafeInteger(v) || v < min || v > max)
      throw bad(path, `integer ${min}..${max}`, v)
    return v
  }

/** An amount: a decimal string without sign or leading zero, below 2^`bits`. Stays a string; `BigInt()` it to count. */
export const amount =
  (bits = 128): Shape<string> =>
  (v, path = '$') => {
    if (typeof v !== 'string' || !/^(0|[1-9][0-9]{0,77})$/.test(v) || BigInt(v) >= 1n << BigInt(bits))
      throw bad(path, `decimal string below 2^${bits}`, v)
    return v
  }

/** `0x` lower-case hex of exactly `sizeBytes`. */
export const hex =
  (sizeBytes: number): Shape<Hex> =>
  (v, path = '$') => {
    if (!isHex(v, sizeBytes)) throw bad(path, `0x hex of ${sizeBytes} bytes`, v)
    return v
  }

/** `0x` lower-case hex of at most `maxBytes`. */
export const hexUpTo =
  (maxBytes: number): Shape<Hex> =>
  (v, path = '$') => {
    if (!isHex(v) || v.length > 2 + 2 * maxBytes) throw bad(path, `0x hex of at most ${maxBytes} bytes`, v)
    return v
  }

/** true or false. */
export const flag: Shape<boolean> = (v, path = '$') => {
  if (typeof v !== 'boolean') throw bad(path, 'true or false', v)
  return v
}

/** One of the literals given. */
export const oneOf =
  <const T extends readonly (string | number | boolean)[]>(...values: T): Shape<T[number]> =>
  (v, path = '$') => {
    if (!values.includes(v as T[number])) throw bad(path, `one of ${values.join(', ')}`, v)
    return v as T[number]
  }

/** A list of at most `max` items. */
export const list =
  <T>(item: Shape<T>, max: number, min = 0): Shape<readonly T[]> =>
  (v, path = '$') => {
    if (!Array.isArray(v) || v.length > max || v.length < min) throw bad(path, `list of ${min}..${max}`, v)
    return v.map((x, i) => item(x, `${path}[${i}]`))
  }

/** An object used as a map, with keys like `key` and at most `max` of them. */
export const dictionary =
  <T>(item: Shape<T>, max: number, key = /^[A-Za-z0-9_.-]{1,64}$/): Shape<{ readonly [name: string]: T }> =>
  (v, path = '$') => {
    if (!isPlain(v) || Object.keys(v).length > max) throw bad(path, `map of at most ${max}`, v)
    const out: Record<string, T> = {}
    for (const [k, x] of Object.entries(v)) {
      if (!key.test(k) || k === '__proto__') throw bad(`${path}.${k.slice(0, 64)}`, `key like ${key.source}`, k)
      out[k] = item(x, `${path}.${k}`)
    }
    return out
  }

/** `null` or the shape. Documents say null; they never leave a field out. */
export const nullable =
  <T>(item: Shape<T>): Shape<T | null> =>
  (v, path = '$') =>
    v === null ? null : item(v, path)

type Fields = { readonly [name: string]: Shape<unknown> }
type Record_<F extends Fields> = { readonly [K in keyof F]: Shaped<F[K]> }

/** An object with exactly these fields; a missing or an unknown one is refused. */
export const record =
  <const F extends Fields>(fields: F): Shape<Record_<F>> =>
  (v, path = '$') => {
    if (!isPlain(v)) throw bad(path, 'object', v)
    for (const k of Object.keys(v))
      if (!Object.hasOwn(fields, k)) throw bad(`${path}.${k.slice(0, 64)}`, 'no such field', v[k])
    const out: Record<string, unknown> = {}
    for (const [k, shape] of Object.entries(fields)) {
      if (!Object.hasOwn(v, k)) throw bad(`${path}.${k}`, 'field is missing', undefined)
      out[k] = shape(v[k], `${path}.${k}`)
    }
    return out as Record_<F>
  }

/** A union told apart by the text in `tag`. */
export const tagged =
  <const V extends { readonly [kind: string]: Shape<unknown> }>(tag: string, variants: V): Shape<Shaped<V[keyof V]>> =>
  (v, path = '$') => {
    const kind = isPlain(v) ? v[tag] : undefined
    if (typeof kind !== 'string' || !Object.hasOwn(variants, kind))
      throw bad(`${path}.${tag}`, `one of ${Object.keys(variants).join(', ')}`, kind)
    return (variants[kind] as Shape<Shaped<V[keyof V]>>)(v, path)
  }

function isPlain(v: unknown): v is Record<string, unknown> {
  return typeof v === 'object' && v !== null && !Array.isArray(v)
}

/** Any canonical JSON value of at most `maxNodes` values, for documents that another package parses. */
export const anyJson =
  (maxNodes = 65_536): Shape<Json> =>
  (v, path = '$') => {
    let nodes = 0
    const walk = (x: unknown, depth: number): void => {
      if (++nodes > maxNodes || depth > 32) throw bad(path, `at most ${maxNodes} values, 32 deep`, v)
      if (x === null || typeof x === 'string' || typeof x === 'boolean' || Number.isSafeInteger(x)) return
      if (typeof x !== 'object') throw bad(path, 'canonical JSON', x)
      for (const y of Object.values(x)) walk(y, depth + 1)
    }
    walk(v, 0)
    return v as Json
  }
