import { canonicalise, fromUtf8, type Json } from '@allod/protocol'
import { bundleShape, type Entry, fetchedFrom, newEntry, requestId } from './entry.ts'
import { fail } from './errors.ts'
import type { CollateralSource } from './source.ts'

const MAX_BUNDLE_BYTES = 32 << 20

/**
 * Answers from an offline bundle, and nothing else.
 * @param bytes the bundle's file
 * @param now Unix seconds
 * @throws collateral/bad-bundle; the source: collateral/not-in-bundle
 */
export function bundleSource(bytes: Uint8Array, now: number): CollateralSource {
  const entries = new Map(parse(bytes).map((entry) => [entry.request, entry]))
  return async (request) => {
    const entry = entries.get(requestId(request))
    if (entry === undefined) throw fail('not-in-bundle', { expected: request.url })
    return fetchedFrom(entry, now)
  }
}

/** Passes on what another source brings, and remembers it for an offline bundle. */
export function recordingSource(source: CollateralSource, now: number) {
  const entries = new Map<string, Entry>()
  return {
    source: (async (request) => {
      const fetched = await source(request)
      const entry = newEntry(request, fetched, now - fetched.ageSeconds)
      entries.set(entry.request, entry)
      return fetched
    }) satisfies CollateralSource,
    /** The bundle's file. */
    bundle: (): Uint8Array => canonicalise({ version: 1, entries: [...entries.values()] } as Json),
  }
}

function parse(bytes: Uint8Array): readonly Entry[] {
  if (bytes.length > MAX_BUNDLE_BYTES)
    throw fail('bad-bundle', { expected: `<= ${MAX_BUNDLE_BYTES} bytes`, actual: bytes.length })
  try {
    return bundleShape(JSON.parse(fromUtf8(bytes))).entries
  } catch (cause) {
    throw fail('bad-bundle', { cause })
  }
}
