import { errorsOf, isAllodError } from '@allod/protocol'

/** Every error of a storage node; `statusOf` maps them to HTTP. */
export const fail = errorsOf('store', {
  'bad-request': ['a request has no form that this node knows', 'see the details for what was expected'],
  'not-found': ['this node does not hold the blob', 'ask another store'],
  'bad-range': ['a range lies outside the blob', 'ask for bytes that exist'],
  'length-required': ['an upload does not say how long it is', 'send content-length or ?size='],
  'too-large': ['a blob is larger than this node takes', 'split it, or seal it as an object'],
  'size-mismatch': ['an upload is not as long as it said', 'send it again'],
  'digest-mismatch': ['an upload does not hash to its name', 'send it again; if it persists, the sender is broken'],
  'quota-exceeded': ['this node has no room left in its quota', 'use another store, or raise --quota'],
  'disk-full': ['this node has no room left on its disk', 'use another store, or give this one more disk'],
  busy: ['this node has as many uploads as it takes at once', 'try again in a second'],
  internal: ['this node failed', 'look at its log'],
  'bad-key-file': ['a key file cannot be used', 'it holds 0x and 64 hex digits and is readable by its owner alone'],
  'bad-arguments': [
    'the arguments are not understood',
    '--data DIR --port N --key FILE [--host ADDRESS] [--quota BYTES]',
  ],
})

const STATUS: Readonly<Record<string, number>> = {
  'store/bad-request': 400,
  'store/not-found': 404,
  'store/length-required': 411,
  'store/too-large': 413,
  'store/bad-range': 416,
  'store/size-mismatch': 422,
  'store/digest-mismatch': 422,
  'store/busy': 503,
  'store/quota-exceeded': 507,
  'store/disk-full': 507,
}

/** The HTTP status of an error. */
export const statusOf = (error: unknown): number => (isAllodError(error) ? (STATUS[error.code] ?? 500) : 500)
