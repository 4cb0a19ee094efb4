import type { Target } from '@allod/channel/node'

/** Where an http URL is dialled. */
export function addressOf(url: string): Extract<Target, { readonly host: string }> {
  const { hostname, port } = new URL(url)
  // A URL brackets an IPv6 address; a resolver takes the brackets for part of a name.
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) }
}
