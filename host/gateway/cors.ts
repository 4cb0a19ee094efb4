import type { IncomingMessage, ServerResponse } from 'node:http'

/** The header by which a client names the enclave it verified, and by which the gateway says which one answered. */
export const GENERATION_HEADER = 'allod-generation'
export const ORDER_HEADER = 'allod-order'

/**
 * Any page may use any agent: what is carried is sealed, and no cookie or credential is ever forwarded.
 * True where the request was a preflight, which is then answered.
 */
export function cors(request: IncomingMessage, response: ServerResponse): boolean {
  response.setHeader('access-control-allow-origin', '*')
  response.setHeader('access-control-expose-headers', `${GENERATION_HEADER}, ${ORDER_HEADER}, retry-after`)
  if (request.method !== 'OPTIONS') return false
  response.setHeader('access-control-allow-methods', 'GET, POST')
  response.setHeader('access-control-allow-headers', `content-type, ${GENERATION_HEADER}`)
  response.setHeader('access-control-max-age', '86400')
  response.writeHead(204).end()
  return true
}
