import { isAllodError, type Shape } from '@allod/protocol'
import { fail } from '../errors.ts'

/** Reads the fields of a request body one by one; whatever nobody asked for is refused at the end. */
export type Fields = {
  /** The field, or `otherwise` where it is missing or null. @throws serve/bad-request */
  optional<T, D>(name: string, shape: Shape<T>, otherwise: D): T | D
  /** @throws serve/bad-request */
  required<T>(name: string, shape: Shape<T>): T
  /** Accepts only these values of a field, because others ask for what this engine does not do. @throws serve/unsupported-parameter */
  only(name: string, ...values: readonly unknown[]): void
  /** Fields that change nothing about the answer. */
  ignore(...names: readonly string[]): void
  /** @throws serve/unsupported-parameter naming the first field left over */
  end(): void
}

/**
 * @param at where `body` lies in the request, for the names in errors
 * @throws serve/bad-request where `body` is not an object
 */
export function fieldsOf(body: unknown, at = ''): Fields {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw fail('bad-request', { expected: 'a JSON object', meta: { param: at || null } })
  const path = (name: string): string => (at === '' ? name : `${at}.${name}`).slice(0, 128)
  const left = new Map(Object.entries(body))
  const take = (name: string): unknown => {
    const value = left.get(name)
    left.delete(name)
    return value ?? undefined
  }
  return {
    optional(name, shape, otherwise) {
      const value = take(name)
      return value === undefined ? otherwise : shaped(path(name), shape, value)
    },
    required: (name, shape) => shaped(path(name), shape, take(name)),
    only(name, ...values) {
      const value = take(name)
      if (value === undefined || values.some((v) => JSON.stringify(v) === JSON.stringify(value))) return
      throw fail('unsupported-parameter', { expected: values, meta: { param: path(name) } })
    },
    ignore(...names) {
      for (const name of names) left.delete(name)
    },
    end() {
      const [name] = left.keys()
      if (name !== undefined) throw fail('unsupported-parameter', { meta: { param: path(name) } })
    },
  }
}

/** A finite number in [min, max]. */
export const number =
  (min: number, max: number): Shape<number> =>
  (value, path = '$') => {
    if (typeof value === 'number' && value >= min && value <= max) return value
    throw fail('bad-request', { expected: `number ${min}..${max}`, meta: { param: path } })
  }

function shaped<T>(name: string, shape: Shape<T>, value: unknown): T {
  try {
    return shape(value, name)
  } catch (cause) {
    if (!isAllodError(cause, 'protocol/bad-shape')) throw cause
    const { path, expected, actual } = cause.meta
    throw fail('bad-request', { expected, actual, meta: { param: path ?? name } })
  }
}
