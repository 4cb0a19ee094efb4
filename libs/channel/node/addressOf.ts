import type { Target } from './hostRelay.ts'

/** Where a URL is dialled. */
export function addressOf(url: string): Extract<Target, { readonly host: string }> {
  const { hostname, port, protocol } = new URL(url)
  // A URL brackets an IPv6 address; a resolver takes the brackets for part of a name.
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || (protocol === 'https:' ? 443 : 80)) }
}
