import type { Endorse } from '@allod/attestation/device'
import { collateralReplyShape, fromBase64Url, toBase64Url } from '@allod/protocol'
import { ask, type HostLink } from '../HostLink.ts'

/** The makers' services may be slow, and a host asks them one after the other. */
const TIMEOUT_MS = 120_000

/**
 * Lets the host bring the collateral that goes with some evidence: revocation lists, TCB information, reference values. It
 * travels in the bundle, and whoever checks the bundle holds it against the makers' signatures; nobody believes the host.
 */
export const endorseBy =
  (host: HostLink): Endorse =>
  async (kind, evidence, supplied) => {
    const own = supplied === null ? [] : [supplied]
    const asked = { kind, evidence: toBase64Url(evidence), endorsements: own.map(toBase64Url) }
    const { endorsements } = await ask(host, 'provider', '/collateral', asked, collateralReplyShape, {
      timeoutMs: TIMEOUT_MS,
    })
    return [...own, ...endorsements.map(fromBase64Url)]
  }
