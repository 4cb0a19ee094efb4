import { type AllodError, isAllodError } from '@allod/protocol'
import { fail } from '../errors.ts'

const STATUS: Readonly<Record<string, number>> = {
  'serve/bad-request': 400,
  'serve/unsupported-parameter': 400,
  'serve/bad-schema': 400,
  'serve/bad-template': 400,
  'serve/context-exceeded': 400,
  'serve/logprobs-off': 400,
  'serve/embeddings-off': 400,
  'serve/unknown-model': 404,
  'serve/unknown-route': 404,
  'serve/body-too-large': 413,
  'serve/queue-full': 429,
  'serve/stopping': 503,
  'serve/time-limit': 504,
}

/** The HTTP status of an error and the document of the API: our stable code in `error.code`. Foreign errors show nothing of themselves. */
export function statusOf(cause: unknown): { readonly status: number; readonly document: object } {
  const error: AllodError = isAllodError(cause) && cause.code in STATUS ? cause : fail('engine-failed', { cause })
  const status = STATUS[error.code] ?? 500
  const { code, message, hint, meta } = error.toJSON()
  const { param = null, ...rest } = meta
  const type = status === 429 ? 'rate_limit_error' : status < 500 ? 'invalid_request_error' : 'server_error'
  return { status, document: { error: { message: `${message}; ${hint}`, type, param, code, meta: rest } } }
}
