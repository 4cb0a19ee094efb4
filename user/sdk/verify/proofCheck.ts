import type { Check } from '@allod/attestation'

/** The links of the chain of proof, in the order in which people read them. */
export const links = ['chip', 'platform', 'debug', 'code', 'order', 'connection'] as const
export type Link = (typeof links)[number]

/** What each link says in one sentence, where all of its checks pass. */
export const linkWords: Readonly<Record<Link, string>> = {
  chip: 'a genuine chip signed the evidence',
  platform: 'its firmware is recent enough and the machine is one of those allowed',
  debug: 'nobody can look inside: debugging is off',
  code: 'it runs known code',
  order: 'it serves exactly this order, which keepers and the chain confirm',
  connection: 'what you send is sealed to a key that only it holds',
}

/** One thing looked at. Unknown is never a pass. */
export type ProofCheck = {
  readonly name: string
  readonly link: Link
  readonly result: 'pass' | 'fail' | 'unknown'
  readonly expected: string
  readonly actual: string
  readonly source: Check['source'] | 'chain' | 'keepers' | 'report' | 'card'
}

/** A check that passes where both sides are equal. */
export const equal = (
  name: string,
  link: Link,
  source: ProofCheck['source'],
  expected: string | number,
  actual: string | number,
): ProofCheck => ({
  name,
  link,
  source,
  result: expected === actual ? 'pass' : 'fail',
  expected: String(expected),
  actual: String(actual),
})

/** A check nobody could make here. */
export const unknown = (name: string, link: Link, source: ProofCheck['source'], expected: string): ProofCheck => ({
  name,
  link,
  source,
  result: 'unknown',
  expected,
  actual: 'unknown',
})

const LINK_OF: Readonly<Record<string, Link>> = {
  kind: 'chip',
  hardware: 'chip',
  root: 'chip',
  'report-data': 'chip',
  tcb: 'platform',
  config: 'platform',
  machine: 'platform',
  isolation: 'platform',
  debug: 'debug',
  measurement: 'code',
  build: 'code',
  'build-approved': 'code',
  nonce: 'connection',
  role: 'connection',
  'hpke-key': 'connection',
  'signing-address': 'connection',
  'tls-key': 'connection',
  spec: 'order',
  chain: 'order',
  market: 'order',
  order: 'order',
  generation: 'order',
}

/** An appraisal's checks as links of the chain of proof. */
export const fromAppraisal = (checks: readonly Check[]): readonly ProofCheck[] =>
  checks.map(({ name, result, expected, actual, source }) => ({
    name,
    result,
    expected,
    actual,
    source,
    link: LINK_OF[name] ?? (name.endsWith('-debug') ? 'debug' : 'platform'),
  }))
