import { digestOf, eatOf, type TestService, tokenOf } from './nrasIssuer.ts'

/** When the samples are good: Unix seconds; the hour begins a minute before. */
export const NRAS_NOW = 1_790_000_000
/** The nonce they answer, hex. */
export const NRAS_NONCE = '93'.repeat(32)

/** Claims of one token. */
export type Claims = { readonly [claim: string]: unknown }

const common = {
  iss: 'https://nras.attestation.nvidia.com',
  eat_nonce: NRAS_NONCE,
  iat: NRAS_NOW - 60,
  nbf: NRAS_NOW - 60,
  exp: NRAS_NOW + 3540,
}
const device = { ...common, secboot: true, dbgstat: 'disabled', measres: 'success', oemid: '5703' }
const yes = (prefix: string, ...names: string[]): Claims =>
  Object.fromEntries(names.map((name) => [`x-nvidia-${prefix}-${name}`, true]))
/** The outcome of a chain's check, by the report or manifest it belongs to. */
export const chain = (name: string): Claims => ({
  [`x-nvidia-${name}-cert-chain`]: {
    'x-nvidia-cert-status': 'valid',
    'x-nvidia-cert-ocsp-status': 'good',
    'x-nvidia-cert-expiration-date': '2028-01-01T00:00:00Z',
    'x-nvidia-cert-revocation-reason': null,
  },
})
const report = ['arch-check', 'attestation-report-parsed', 'attestation-report-nonce-match'] as const
const signed = ['attestation-report-signature-verified'] as const
const manifest = (name: string): string[] =>
  ['fetched', 'schema-validated', 'signature-verified', 'measurements-available'].map((what) => `${name}-rim-${what}`)

/** A GPU's claims, version 2.0. */
export const gpu2: Claims = {
  ...device,
  ueid: '1',
  hwmodel: 'GH100 A01 GSP BROM',
  'x-nvidia-gpu-driver-version': '580.95.05',
  'x-nvidia-gpu-vbios-version': '96.00.D9.00.0C',
  'x-nvidia-attestation-warning': null,
  ...yes('gpu', ...report, ...signed, ...manifest('driver'), ...manifest('vbios'), 'vbios-index-no-conflict'),
  ...yes('gpu', 'attestation-report-cert-chain-validated', 'driver-rim-cert-validated', 'vbios-rim-cert-validated'),
}
/** A GPU's claims, version 3.0. */
export const gpu: Claims = {
  ...Object.fromEntries(Object.entries(gpu2).filter(([name]) => !/cert(-chain)?-validated$/.test(name))),
  ...yes('gpu', 'attestation-report-cert-chain-fwid-match', 'driver-rim-version-match', 'vbios-rim-version-match'),
  ...chain('gpu-attestation-report'),
  ...chain('gpu-driver-rim'),
  ...chain('gpu-vbios-rim'),
}
/** A switch's claims, version 3.0. */
export const nvswitch: Claims = {
  ...device,
  ueid: '9',
  hwmodel: 'LS_10 A01 FSP BROM',
  'x-nvidia-switch-bios-version': '96.10.55.00.01',
  'x-nvidia-attestation-warning': null,
  ...yes('switch', ...report, ...signed, ...manifest('bios'), 'bios-rim-version-match'),
  ...yes('switch', 'attestation-report-cert-chain-fwid-match'),
  ...chain('switch-attestation-report'),
  ...chain('switch-bios-rim'),
}
/** What the overall token says beside its submods. */
export const overallClaims: Claims = {
  ...common,
  sub: 'NVIDIA-PLATFORM-ATTESTATION',
  'x-nvidia-ver': '3.0',
  'x-nvidia-overall-att-result': true,
}

export type Answer = {
  readonly devices?: { readonly [name: string]: Claims }
  readonly overall?: Claims
  /** Changes the devices' tokens after the overall token was made. */
  readonly exchange?: (tokens: Record<string, string>) => void
  /** Changes what the overall token says of each device. */
  readonly submods?: (digest: unknown) => unknown
  readonly header?: object
}

async function tokensOf(
  service: TestService,
  devices: { readonly [name: string]: Claims },
  header: object = {},
): Promise<Record<string, string>> {
  const made: Record<string, string> = {}
  for (const [name, claims] of Object.entries(devices)) made[name] = await tokenOf(claims, service.key, header)
  return made
}

/** An answer of the service, as a file; without a change, one good GPU. */
export async function answerOf(
  service: TestService,
  { devices = { 'GPU-0': gpu }, overall = {}, exchange, submods: change = (same) => same, header }: Answer = {},
) {
  const parts = await tokensOf(service, devices, header)
  const submods = Object.fromEntries(Object.entries(parts).map(([name, token]) => [name, change(digestOf(token))]))
  const whole = await tokenOf({ ...overallClaims, submods, ...overall }, service.key, header)
  exchange?.(parts)
  return eatOf(whole, parts)
}
