import { httpStore, type Store } from '@allod/content/stores'
import type { JobSpec } from '@allod/protocol'
import type { HostLink } from './HostLink.ts'

/** The spec's stores, reached through the relay as `store-<i>`; receipts are checked against the spec's keys. */
export const storesOf = (host: HostLink, spec: JobSpec): readonly Store[] =>
  spec.stores.map(({ address }, i) => {
    const send = host.fetchFrom(`store-${i}`)
    return httpStore({ url: 'http://store', address, fetch: (input, init) => send(String(input), init) })
  })
