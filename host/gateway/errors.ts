import { type AllodError, errorsOf } from '@allod/protocol'

/** Errors of the gateway itself; what an enclave answers passes through as it is. */
export const fail = errorsOf('gateway', {
  'unknown-path': ['nothing is served under this path', 'use /o/<order id>/…'],
  'unknown-order': [
    'no running enclave of this order is known here',
    'follow the agent card to its newest order, or try later',
  ],
  'method-not-allowed': ['this method is not carried', 'use GET, POST or OPTIONS'],
  'body-too-large': ['a body is larger than the gateway carries', 'send less at once'],
  busy: ['as many requests are under way as the gateway carries', 'try again in a moment'],
  unreachable: ['the enclave behind this route does not answer', 'try again; its provider may be restarting it'],
  timeout: ['the enclave behind this route took too long', 'try again, or ask for less'],
  'bad-route': [
    'a route is not one',
    'PUT /routes/<order id>/<generation> {"target": "/path/to/socket" or "host:port"}',
  ],
  'bad-state': ['the file of routes cannot be read', 'it was ignored; providers register their routes again'],
  'bad-client-hello': ['a connection does not start with a TLS ClientHello', 'connect with TLS 1.3'],
  'no-server-name': ['a ClientHello names no server', 'connect to <base32 of order id>.<domain> with SNI'],
  'bad-arguments': ['the gateway was started with wrong arguments', 'see --help'],
})

/** The HTTP status that goes with a code of ours. */
export function statusOf(error: AllodError): number {
  return STATUS[error.code] ?? 500
}

const STATUS: { readonly [code: string]: number } = {
  'gateway/unknown-path': 404,
  'gateway/unknown-order': 404,
  'gateway/method-not-allowed': 405,
  'gateway/body-too-large': 413,
  'gateway/busy': 503,
  'gateway/unreachable': 502,
  'gateway/timeout': 504,
  'gateway/bad-route': 400,
}
