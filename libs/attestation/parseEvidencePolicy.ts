import { type EvidencePolicy, strictEvidence } from './evidencePolicy.ts'
import { evidencePolicyShape } from './evidencePolicyShape.ts'

/**
 * Parses a policy's file. A field left out, at any depth, keeps the strict default, so that a file says only where it
 * differs; a field that no policy has is refused.
 * @throws protocol/bad-shape naming the path
 * @example parseEvidencePolicy({ version: 1, exceptions: ['revocation-unknown'] })
 */
export function parseEvidencePolicy(value: unknown): EvidencePolicy {
  // The version is never guessed: a file must say which words it was written in.
  if (!isPlain(value) || !Object.hasOwn(value, 'version')) return evidencePolicyShape(value)
  return evidencePolicyShape(laidOver(strictEvidence, value))
}

function laidOver(base: unknown, over: unknown): unknown {
  if (!isPlain(base) || !isPlain(over)) return over
  // A field `__proto__` stays a field, which no policy has: assigned, it would be nobody's.
  const fields = Object.entries(over).map(([key, value]) => [key, laidOver(base[key], value)] as const)
  return { ...base, ...Object.fromEntries(fields) }
}

const isPlain = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v)
