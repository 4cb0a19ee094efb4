import { isAllodError } from '@allod/protocol'
import type { CollateralRequest, CollateralSource, Fetched } from './source.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** Some evidence, and what of its collateral is there already. */
export type Supplied = { readonly evidence: Uint8Array; readonly endorsements: readonly Uint8Array[] }

/** Collateral as verifiers take it, and what could not be had, a sentence each. */
export type Gathered = { readonly endorsements: readonly Bytes[]; readonly missing: readonly string[] }

/** One thing to ask for, and what of the answer verifiers take. */
export type Want = {
  /** For people: what it is. */
  readonly what: string
  readonly request: CollateralRequest
  readonly read?: (fetched: Fetched) => readonly Bytes[]
}

/**
 * Asks for each thing. One that is not to be had does not keep the others away: verification then says what it lacks.
 * @throws whatever is no refusal of a service
 */
export async function gather(source: CollateralSource, wants: readonly Want[]): Promise<Gathered> {
  const endorsements: Bytes[] = []
  const missing: string[] = []
  for (const { what, request, read = whole } of wants)
    try {
      endorsements.push(...read(await source(request)))
    } catch (error) {
      if (!isAllodError(error)) throw error
      missing.push(`${what}: ${error.message} (${error.code})`)
    }
  return { endorsements, missing }
}

const whole = ({ bytes }: Fetched): readonly Bytes[] => [bytes]
