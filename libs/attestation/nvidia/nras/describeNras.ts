import type { Field } from '../../field.ts'
import { parseDetachedEat } from './detachedEat.ts'
import { isObject, type JsonValue } from './json.ts'
import { type Jwt, parseJwt } from './jwt.ts'

/**
 * Every claim of an answer of NVIDIA's attestation service, in words. Parses only: no signature is looked at, nothing is to be
 * trusted.
 * @throws nras/bad-token, nras/algorithm-not-allowed
 */
export function describeNras(evidence: Uint8Array): readonly Field[] {
  const { overall, devices } = parseDetachedEat(evidence)
  return [
    ...fieldsOf('overall', parseJwt(overall)),
    ...devices.flatMap(({ name, token }) => fieldsOf(name, parseJwt(token))),
  ]
}

const fieldsOf = (token: string, { keyId, claims }: Jwt): readonly Field[] => [
  { name: `${token}/kid`, value: keyId, words: 'the key that signed this token, as the token says' },
  ...valuesOf(claims, '').map(([name, value]) => ({
    name: `${token}/${name}`,
    value: show(name, value),
    words: wordsOf(name),
  })),
]

function valuesOf(value: JsonValue, path: string): readonly (readonly [string, JsonValue])[] {
  if (typeof value !== 'object' || value === null) return [[path, value]]
  const entries = isObject(value) ? Object.entries(value) : [...(value as readonly JsonValue[]).entries()]
  return entries.flatMap(([name, inner]) => valuesOf(inner, path === '' ? String(name) : `${path}/${name}`))
}

const TIMES = ['iat', 'nbf', 'exp']
// Later than any date that can be written is no time.
const MAX_SECONDS = 253_402_300_799

const show = (name: string, value: JsonValue): string =>
  TIMES.includes(name) && typeof value === 'number' && value >= 0 && value <= MAX_SECONDS
    ? new Date(1000 * value).toISOString()
    : String(value)

const WORDS: Readonly<Record<string, string>> = {
  iss: 'who judged: NVIDIA’s service, not this device',
  sub: 'what the token is about',
  iat: 'when the token was made',
  nbf: 'valid from',
  exp: 'valid until',
  jti: 'the token’s own id',
  eat_nonce: 'the nonce that was asked with',
  ueid: 'the device’s id',
  oemid: 'the maker’s id; 5703 is NVIDIA',
  hwmodel: 'the device’s model',
  measres: 'whether the measurements are those that NVIDIA signed',
  dbgstat: 'whether the device can be debugged',
  secboot: 'whether the device booted securely',
  'x-nvidia-ver': 'the version of the claims',
  'x-nvidia-overall-att-result': 'the service’s verdict over all devices',
  'x-nvidia-attestation-warning': 'a warning of the service',
  'x-nvidia-gpu-driver-version': 'the driver',
  'x-nvidia-gpu-vbios-version': 'the VBIOS',
  'x-nvidia-switch-bios-version': 'the switch’s BIOS',
}

// From the outside in: what a part ends with says what it is.
const ENDINGS: readonly (readonly [RegExp, string])[] = [
  [/^submods\//, 'the digest of a device’s own token'],
  [/cert-status$/, 'whether the service found the certificates valid'],
  [/cert-ocsp-status$/, 'what the service’s OCSP responder said'],
  [/cert-expiration-date$/, 'when the first of the certificates ends'],
  [/cert-revocation-reason$/, 'why a certificate was revoked'],
  [/cert-ocsp-(nonce-matches|response-valid)$/, 'whether the OCSP response was a fresh and valid one'],
  [/cert-chain-fwid-match$/, 'whether certificate and report name the same firmware'],
  [/cert(-chain)?-validated$/, 'whether the certificates were valid'],
  [/nonce-match$/, 'whether the report answered the nonce'],
  [/report-parsed$/, 'whether the report could be read'],
  [/signature-verified$/, 'whether the signature held'],
  [/-fetched$/, 'whether the reference manifest was found'],
  [/schema-validated$/, 'whether the reference manifest had the right form'],
  [/measurements-available$/, 'whether the reference manifest had values'],
  [/version-match$/, 'whether the reference manifest is of this version'],
  [/index-no-conflict$/, 'whether driver and VBIOS manifests speak of different measurements'],
  [/arch-check$/, 'whether the device is of the expected generation'],
  [/mismatch-/, 'a measurement that is not as NVIDIA signed it'],
]

const wordsOf = (name: string): string =>
  WORDS[name] ?? ENDINGS.find(([pattern]) => pattern.test(name))?.[1] ?? 'as NVIDIA’s claims guide has it'
