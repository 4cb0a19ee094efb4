/** What an error knows beside its sentence. Never holds a secret; values are shown to people and logged. */
export type ErrorMeta = { readonly [name: string]: unknown }

export type ErrorOptions = {
  /** What to do now, ideally a command. Overrides the catalogue's. */
  readonly hint?: string
  readonly expected?: unknown
  readonly actual?: unknown
  readonly meta?: ErrorMeta
  readonly cause?: unknown
}

/**
 * The one error class. `code` is stable (`content/chunk-mismatch`), `message` one sentence, `hint` what to do now.
 * @example
 * try { await openObject(...) } catch (e) { if (isAllodError(e, 'content/chunk-mismatch')) tryAnotherReplica() }
 */
export class AllodError extends Error {
  override readonly name = 'AllodError'
  readonly code: string
  readonly hint: string
  readonly meta: ErrorMeta

  constructor(code: string, message: string, hint: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint ?? hint
    this.meta = {
      ...('expected' in options ? { expected: options.expected } : {}),
      ...('actual' in options ? { actual: options.actual } : {}),
      ...options.meta,
    }
  }

  /** What crosses a wire or `--json`: code, message, hint and meta; never the stack or the cause. */
  toJSON(): { code: string; message: string; hint: string; meta: ErrorMeta } {
    return { code: this.code, message: this.message, hint: this.hint, meta: jsonSafe(this.meta) }
  }
}

/** A catalogue's entry: the sentence, and what to do about it. */
export type ErrorEntry = readonly [message: string, hint: string]

const catalogues = new Map<string, Readonly<Record<string, ErrorEntry>>>()

/**
 * Declares every error of one package and returns its constructor. The declared catalogue is the source of
 * docs/reference/error-codes.md, and a list test asks for a test per code.
 * @example
 * const fail = errorsOf('content', { 'chunk-mismatch': ['a chunk does not hash to its leaf', 'fetch it from another replica'] })
 * throw fail('chunk-mismatch', { expected, actual })
 */
export function errorsOf<const T extends Readonly<Record<string, ErrorEntry>>>(
  scope: string,
  entries: T,
): (name: keyof T & string, options?: ErrorOptions) => AllodError {
  catalogues.set(scope, { ...catalogues.get(scope), ...entries })
  return (name, options) => {
    const [message, hint] = entries[name] as ErrorEntry
    return new AllodError(`${scope}/${name}`, message, hint, options)
  }
}

/** Every catalogue declared by the modules loaded so far: scope → name → [message, hint]. */
export function errorCatalogues(): ReadonlyMap<string, Readonly<Record<string, ErrorEntry>>> {
  return catalogues
}

/** True where `error` is one of ours, and of this code where one is given. */
export function isAllodError(error: unknown, code?: string): error is AllodError {
  return error instanceof AllodError && (code === undefined || error.code === code)
}

/** Rebuilds an error that came over a wire as `toJSON` wrote it. Unknown shapes become `protocol/remote-error`. */
export function errorFromJson(value: unknown): AllodError {
  if (typeof value === 'object' && value !== null) {
    const { code, message, hint, meta } = value as Record<string, unknown>
    if (typeof code === 'string' && /^[a-z0-9-]+\/[a-z0-9-]+$/.test(code) && code.length <= 80)
      return new AllodError(code, clip(message), clip(hint), {
        meta: typeof meta === 'object' && meta !== null ? (meta as ErrorMeta) : {},
      })
  }
  return remoteFail('remote-error', { actual: clip(typeof value === 'string' ? value : JSON.stringify(value)) })
}

const remoteFail = errorsOf('protocol', {
  'remote-error': [
    'the other side answered with an error of no known form',
    'check that both sides run the same release',
  ],
})

function clip(text: unknown): string {
  return typeof text === 'string' ? text.slice(0, 1000) : ''
}

function jsonSafe(meta: ErrorMeta): ErrorMeta {
  return JSON.parse(
    JSON.stringify(meta, (_, v) => (typeof v === 'bigint' ? v.toString() : v instanceof Uint8Array ? shortHex(v) : v)),
  ) as ErrorMeta
}

function shortHex(bytes: Uint8Array): string {
  return `0x${Array.from(bytes.subarray(0, 64), (b) => b.toString(16).padStart(2, '0')).join('')}`
}
