import { errorsOf } from '@allod/protocol'

const entries = {
  'kind-not-allowed': ['evidence is of a kind that the policy does not accept', 'choose a machine the policy names'],
  'not-hardware': ['evidence is not by hardware', 'use a machine with a TEE'],
  'root-not-allowed': ['evidence is by a chip under another root', 'refuse it'],
  'not-isolated': ['the environment runs without a sandbox', 'install bubblewrap and launch again'],
  'report-data-mismatch': ['report data does not bind these facts', 'refuse it'],
  'devices-mismatch': ['device evidence is not what the CPU bound', 'refuse it'],
  'nonce-mismatch': ['evidence does not answer this nonce', 'ask for fresh evidence'],
  'bound-fact-mismatch': ['evidence binds another fact than expected', 'refuse this enclave'],
  'config-mismatch': ['the enclave was launched with another configuration', 'refuse this enclave'],
  'debug-enabled': ['the enclave can be debugged by its host', 'launch it again without debug'],
  'tcb-too-old': ['the platform runs an outdated TCB', 'update firmware and microcode'],
  'measurement-unknown': ['nobody says which build this measurement is', 'pin it, or wait for the registry to list it'],
  'build-mismatch': ['the enclave claims another build than its measurement shows', 'refuse this enclave'],
  'build-not-approved': ['the build is not approved', 'use a build the registry or the policy approves'],
  'machine-not-allowed': ['the machine is not among those allowed', 'choose another machine'],
  'gpu-count-mismatch': ['the number of GPUs is not what was asked', 'compare the offer with the machine'],
  'gpu-not-distinct': ['one GPU is presented twice', 'refuse this machine'],
  'gpu-nonce-mismatch': ['GPU evidence was made for somebody else', 'refuse it'],
  'gpu-not-confidential': ['a GPU does not run in confidential mode', 'switch confidential computing on'],
  'gpu-debug-enabled': ['a GPU can be debugged', 'switch the GPU to production mode'],
  'gpu-firmware-too-old': ['a GPU runs outdated firmware', 'update the GPU'],
  'tcb-status-not-allowed': [
    'the platform is not up to date, by its maker’s own lists',
    'apply what the shortfall names, or have the policy name this status',
  ],
  'advisory-not-allowed': [
    'a known advisory applies to the platform',
    'update the platform, or have the policy name it',
  ],
  'revocation-unknown': [
    'nothing says whether a certificate was revoked',
    'bring the revocation lists; a policy may name this exception',
  ],
  'reference-values-unknown': [
    'nothing says which firmware and driver measurements are right',
    'bring the signed reference manifests; a policy may name this exception',
  ],
  'reference-signer-expired': [
    'the certificate that signed the reference values is outside its dates',
    'fetch the manifest again; a policy may name this exception',
  ],
  'device-measurement-mismatch': ['a device measures other firmware than its maker signed', 'refuse this device'],
  'td-attributes-not-allowed': ['the trust domain has attributes that the policy refuses', 'launch it without them'],
  'xfam-not-allowed': ['the trust domain uses CPU features that the policy refuses', 'launch it without them'],
  'service-td-bound': ['a service TD can migrate the trust domain or look into it', 'launch it without a service TD'],
  'register-mismatch': ['a measurement register is not what the policy names', 'compare it with the build’s own'],
  'event-log-mismatch': ['the event log does not replay to the measured registers', 'refuse it'],
  'guest-policy-not-allowed': [
    'the guest was launched under a policy that is refused',
    'launch it under a stricter one',
  ],
  'vmpl-not-allowed': [
    'the report was asked for at another privilege level',
    'ask for it at the level the policy names',
  ],
  'platform-info-not-allowed': ['the platform lacks a protection that the policy wants', 'switch it on in the BIOS'],
  'product-not-allowed': ['the chip is of a product that the policy does not name', 'choose another machine'],
  'signing-key-not-allowed': [
    'the report is signed by a kind of key that the policy refuses',
    'use a report by the chip’s own key, or have the policy allow the cloud’s',
  ],
  'author-key-mismatch': ['the guest’s id block is by another key', 'compare it with the author’s own'],
  'driver-too-old': ['a device runs an older driver than the policy accepts', 'update the driver'],
  'driver-versions-differ': ['devices of one machine run different drivers', 'update them together'],
  'switch-count-mismatch': ['the number of switches is not what was asked', 'compare the offer with the machine'],
  'certificate-on-hold': ['a certificate of the device is on hold', 'ask the vendor, or choose another device'],
  'token-claims-refused': [
    'a remote verifier’s token states a failure',
    'verify the device locally and read its checks',
  ],
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
  readonly source: 'evidence' | 'verifier' | 'policy' | 'registry' | 'collateral'
}

/** What stays unknown and may still be accepted, where a policy names it in so many words. */
export const exceptions = ['revocation-unknown', 'reference-values-unknown', 'reference-signer-expired'] as const
export type Exception = (typeof exceptions)[number]

/** The outcome: every check, and until when it may be relied on. */
export type Appraisal = {
  readonly isAccepted: boolean
  readonly checks: readonly Check[]
  /** What the policy accepts as unknown. */
  readonly exceptions: readonly Exception[]
  /** Unix seconds; the earliest end of all windows. */
  readonly validUntil: number
}

/**
 * Returns for an accepted appraisal and throws the first refusal otherwise, with every failed check in `meta.refused`.
 * @throws attestation/kind-not-allowed and the other refusals of {@link Refusal}
 */
export function requireAccepted(appraisal: Appraisal): void {
  const refused = refusedChecks(appraisal)
  const [first] = refused
  if (appraisal.isAccepted && first === undefined) return
  throw fail(first?.refusal ?? 'kind-not-allowed', {
    expected: first?.expected,
    actual: first?.actual,
    meta: { check: first?.name, refused: refused.map((c) => c.name) },
  })
}

/**
 * Adds up: accepted where there are checks and each passes, or is unknown and named as an exception.
 * @param exceptions what may stay unknown; simulated evidence knows no exceptions
 */
export const addUp = (checks: readonly Check[], exceptions: readonly Exception[], validUntil: number): Appraisal => ({
  isAccepted: checks.length > 0 && refusedChecks({ checks, exceptions }).length === 0,
  checks,
  exceptions,
  validUntil,
})

/** The checks that refuse, in order: each is no pass, and no unknown that the policy names as an exception. */
export const refusedChecks = ({ checks, exceptions }: Pick<Appraisal, 'checks' | 'exceptions'>): readonly Check[] =>
  checks.filter((c) => !(c.result === 'pass' || (c.result === 'unknown' && isExcepted(c.refusal, exceptions))))

const isExcepted = (refusal: Refusal, allowed: readonly string[]): boolean => allowed.includes(refusal)
