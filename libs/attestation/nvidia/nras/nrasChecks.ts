import type { Hex } from '@allod/protocol'
import type { Check } from '../../appraisal.ts'
import { check, counted, listed } from '../../check.ts'
import type { UnboundPolicy } from '../../policy.ts'
import { isDriverAtLeast } from '../versions.ts'
import type { NrasDevice, NrasTokens } from './claims.ts'

// What must be true of a device by the version of its claims (NVIDIA's claims guide), after `x-nvidia-gpu-` or `x-nvidia-switch-`.
const COMMON = [
  'arch-check',
  'attestation-report-parsed',
  'attestation-report-nonce-match',
  'attestation-report-signature-verified',
]
const manifest = (name: string): string[] =>
  ['fetched', 'signature-verified', 'measurements-available'].map((what) => `${name}-rim-${what}`)
const TRUE = {
  gpu: [...COMMON, ...manifest('driver'), ...manifest('vbios'), 'vbios-index-no-conflict'],
  switch: [...COMMON, ...manifest('bios')],
} as const
const CHAINS = {
  gpu: ['attestation-report-cert', 'driver-rim-cert', 'vbios-rim-cert'],
  switch: ['attestation-report-cert', 'bios-rim-cert'],
} as const
const VERSIONS = {
  gpu: ['driver-rim-version-match', 'vbios-rim-version-match'],
  switch: ['bios-rim-version-match'],
} as const

/**
 * What is demanded of the service's tokens, check by check. Pure. A claim that is missing or null refuses as a false one does:
 * the service writes null for what it could not find out.
 * @param nonce what the tokens must answer; null where the reader does not know
 */
export function nrasChecks(tokens: NrasTokens, nonce: Hex | null, policy: UnboundPolicy): Check[] {
  const { devices } = tokens
  const count = (role: NrasDevice['role']): number => devices.filter((d) => d.role === role).length
  const { gpus, nvidia } = policy
  const drivers = new Set(devices.flatMap((d) => d.claims.get(DRIVER) ?? []))
  const ids = new Set(devices.flatMap((d) => d.claims.get('ueid') ?? []))
  return [
    // Said in every appraisal, so that nobody takes it for a device's own evidence.
    stated('judge', 'NVIDIA’s service, not this device', tokens.issuer, true),
    stated('overall', 'true', tokens.isSuccess),
    stated('version', '2.0 or 3.0', tokens.version, tokens.version === '2.0' || tokens.version === '3.0'),
    check(
      'nonce',
      'gpu-nonce-mismatch',
      nonce ?? 'any',
      tokens.nonce,
      nonce === null || nonce === tokens.nonce,
      'verifier',
    ),
    counted('gpu-count', 'gpu-count-mismatch', gpus, count('gpu')),
    counted('switch-count', 'switch-count-mismatch', nvidia.switches, count('switch')),
    check(
      'distinct',
      'gpu-not-distinct',
      String(devices.length),
      String(ids.size),
      ids.size === devices.length,
      'evidence',
    ),
    check('one-driver', 'driver-versions-differ', 'one', [...drivers].join(', '), drivers.size <= 1, 'evidence'),
    ...devices.flatMap((device) => deviceChecks(device, tokens.version, policy)),
  ].map((c) => ({ ...c, name: `token-${c.name}` }))
}

const DRIVER = 'x-nvidia-gpu-driver-version'

function deviceChecks(device: NrasDevice, version: string, { nvidia }: UnboundPolicy): Check[] {
  const { name, role, claims } = device
  const prefix = `x-nvidia-${role}-`
  const required = [...TRUE[role], ...(version === '2.0' ? validated(role) : [...VERSIONS[role], FWID])]
  const chains = version === '2.0' ? [] : CHAINS[role].map((chain) => `${prefix}${chain}-chain`)
  const said = (claim: string, expected: string): Check => {
    const actual = claims.get(claim)
    return stated(claim, expected, actual ?? 'absent', String(actual) === expected)
  }
  return [
    said('measres', 'success'),
    said('dbgstat', 'disabled'),
    said('secboot', 'true'),
    ...required.map((claim) => said(`${prefix}${claim}`, 'true')),
    ...chains.flatMap((chain) => [said(`${chain}/${STATUS}`, 'valid'), said(`${chain}/${OCSP}`, 'good')]),
    ...refusing(device),
    ...policyChecks(device, nvidia),
  ].map((c) => ({ ...c, name: `${name}-${c.name}` }))
}

const FWID = 'attestation-report-cert-chain-fwid-match'
const STATUS = 'x-nvidia-cert-status'
const OCSP = 'x-nvidia-cert-ocsp-status'

const validated = (role: NrasDevice['role']): string[] =>
  CHAINS[role].map((chain) => (chain === 'attestation-report-cert' ? `${chain}-chain-validated` : `${chain}-validated`))

// Whatever else NVIDIA states under its own names: a false, a warning or a mismatch is none to pass over.
function refusing({ claims }: NrasDevice): Check[] {
  return [...claims]
    .filter(
      ([claim, value]) => claim.startsWith('x-nvidia-') && (value === false || (isComplaint(claim) && value !== null)),
    )
    .map(([claim, value]) => stated(`no-${claim}`, 'none', value ?? 'none', false))
}

const isComplaint = (claim: string): boolean => /^x-nvidia-(attestation-warning|mismatch-)/.test(claim)

function policyChecks({ role, claims }: NrasDevice, policy: UnboundPolicy['nvidia']): Check[] {
  const driver = claims.get(DRIVER)
  const vbios = claims.get('x-nvidia-gpu-vbios-version') ?? claims.get('x-nvidia-switch-bios-version') ?? 'absent'
  const chip =
    String(claims.get('hwmodel') ?? 'absent')
      .split(' ')[0]
      ?.replace('_', '') ?? 'absent'
  const { minimumDriver: minimum } = policy
  // A switch runs no driver; a GPU whose driver the service does not name runs none that is new enough.
  const isDriver = minimum === null || (isVersion(driver) && isDriverAtLeast(driver, minimum))
  return [
    listed('chip', 'product-not-allowed', policy.chips, chip),
    ...(role === 'gpu'
      ? [check('driver', 'driver-too-old', minimum ?? 'any', String(driver), isDriver, 'policy')]
      : []),
    listed('vbios', 'gpu-firmware-too-old', policy.vbios, String(vbios)),
  ]
}

const isVersion = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9]{1,3}(\.[0-9]{1,3}){1,2}$/.test(value)

const stated = (name: string, expected: string, actual: string | number | boolean, isPass = actual === true): Check =>
  check(name, 'token-claims-refused', expected, String(actual).slice(0, 200), isPass, 'evidence')
