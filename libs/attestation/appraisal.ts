import { errorsOf } from '@allod/protocol'

const entries = {
  'kind-not-allowed': ['evidence is of a kind that the policy does not accept', 'choose a machine the policy names'],
  'not-hardware': ['evidence is not by hardware', 'simulated evidence is for a devnet; use a machine with a TEE'],
  'root-not-allowed': ['evidence is by a chip under another root', 'compare the root with the one the policy names'],
  'not-isolated': ['the environment runs without a sandbox', 'install bubblewrap and launch again'],
  'report-data-mismatch': ['report data does not bind these facts', 'refuse: the facts were changed after the report'],
  'devices-mismatch': ['device evidence is not what the CPU bound', 'refuse: device evidence was swapped'],
  'nonce-mismatch': ['evidence does not answer this nonce', 'ask for fresh evidence; an old answer proves nothing'],
  'bound-fact-mismatch': [
    'evidence binds another fact than expected',
    'compare expected and actual; refuse this enclave',
  ],
  'config-mismatch': ['the enclave was launched with another configuration', 'compare the launch configuration'],
  'debug-enabled': ['the enclave can be debugged by its host', 'launch it again without debug'],
  'tcb-too-old': ['the platform runs an outdated TCB', 'update firmware and microcode of the machine'],
  'measurement-unknown': ['nobody says which build this measurement is', 'pin it, or wait for the registry to list it'],
  'build-mismatch': ['the enclave claims another build than its measurement shows', 'refuse this enclave'],
  'build-not-approved': ['the build is not approved', 'use a build the registry or the policy approves'],
  'machine-not-allowed': ['the machine is not among those allowed', 'register the machine, or choose another'],
  'gpu-count-mismatch': ['the number of GPUs is not what was asked', 'compare the offer with the machine'],
  'gpu-not-distinct': ['one GPU is presented twice', 'refuse this machine'],
  'gpu-nonce-mismatch': ['GPU evidence was made for somebody else', 'refuse: evidence was spliced from elsewhere'],
  'gpu-not-confidential': ['a GPU does not run in confidential mode', 'switch confidential computing on'],
  'gpu-debug-enabled': ['a GPU can be debugged', 'switch the GPU to production mode'],
  'gpu-firmware-too-old': ['a GPU runs outdated firmware', 'update the GPU'],
} as const satisfies Readonly<Record<string, readonly [string, string]>>

const fail = errorsOf('attestation', entries)

/** Why a check refuses; each is the last part of a stable error code. */
export type Refusal = keyof typeof entries

/** One thing looked at. `unknown` refuses as `fail` does. */
export type Check = {
  readonly name: string
  readonly result: 'pass' | 'fail' | 'unknown'
  readonly refusal: Refusal
  readonly expected: string
  readonly actual: string
  /** Who says what is expected. */
  readonly source: 'evidence' | 'verifier' | 'policy' | 'registry'
}

/** The outcome: every check, and until when it may be relied on. */
export type Appraisal = {
  readonly isAccepted: boolean
  readonly checks: readonly Check[]
  /** Unix seconds; the earliest end of all windows. */
  readonly validUntil: number
}

/**
 * Returns for an accepted appraisal and throws the first refusal otherwise, with every failed check in `meta.refused`.
 * @throws attestation/kind-not-allowed and the other refusals of {@link Refusal}
 */
export function requireAccepted(appraisal: Appraisal): void {
  const refused = appraisal.checks.filter((c) => c.result !== 'pass')
  const [first] = refused
  if (appraisal.isAccepted && first === undefined) return
  throw fail(first?.refusal ?? 'kind-not-allowed', {
    expected: first?.expected,
    actual: first?.actual,
    meta: { check: first?.name, refused: refused.map((c) => c.name) },
  })
}
