import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { strictEvidence } from '@allod/attestation'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCli } from '../../testing/runCli.ts'

let folder = ''
const inFolder = (name: string): string => join(folder, name)
/** Evidence of our own making, which no maker’s root vouches for. */
const blobs = (kind: string): { readonly [name: string]: string } =>
  JSON.parse(readFileSync(join(import.meta.dirname, `../../../../libs/attestation/vectors/${kind}.json`), 'utf8')).blobs
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'allod-evidence-'))
  const files = {
    quote: blobs('tdx').v4,
    report: blobs('sevsnp')['v3-milan'],
    vcek: blobs('sevsnp')['vcek-milan'],
    gpu: blobs('nvidia').gpu,
  }
  for (const [name, base64] of Object.entries(files)) writeFileSync(inFolder(name), Buffer.from(base64 ?? '', 'base64'))
  writeFileSync(inFolder('garbage'), 'no evidence of anything')
  writeFileSync(inFolder('policy.json'), '{"version":1,"exceptions":["revocation-unknown"]}')
  writeFileSync(inFolder('bad-policy.json'), '{"version":1,"tdx":{"debug":"allowed"}}')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = (...argv: readonly string[]) =>
  runCli(['evidence', ...argv], { env: { ALLOD_HOME: folder, ALLOD_NETWORK: inFolder('none.json') } })
const refused = (code: string, kind: string) => ({
  verdict: 'refused',
  code,
  kind,
  status: null,
  advisories: [],
  claims: null,
  checks: [],
  validUntil: null,
})

test.each([
  ['a quote under no root of Intel’s', ['quote'], 'x509/root-untrusted', 'tdx'],
  ['a report without its chip’s certificate', ['report'], 'sevsnp/vek-missing', 'sevsnp'],
  ['collateral that is none', ['quote', '--collateral', 'garbage'], 'file/unknown-collateral', 'tdx'],
  ['what is no evidence', ['garbage'], 'file/unknown-evidence', 'unknown'],
  ['what is said to be of a kind and is not', ['garbage', '--kind', 'tdx'], 'tdx/bad-quote', 'tdx'],
  ['evidence of another kind than said', ['quote', '--kind', 'sevsnp'], 'file/other-kind', 'sevsnp'],
])('refuses %s, with nothing but one line of JSON', async (_, [file = '', ...rest], code, kind) => {
  const argv = rest.map((word) => (word === 'garbage' ? inFolder(word) : word))
  const got = await run('verify', inFolder(file), ...argv, '--json')
  expect(got).toMatchObject({ code: 5, stderr: '' })
  expect(JSON.parse(got.stdout)).toEqual(refused(code, kind))
})

test('lets the verifier say what is wrong with evidence that no maker could be asked about', async () => {
  const got = await run('verify', inFolder('garbage'), '--kind', 'tdx', '--fetch', '--json')
  expect(JSON.parse(got.stdout)).toEqual(refused('tdx/bad-quote', 'tdx'))
})

test('refuses a recording of nothing', async () => {
  const nonce = `0x${'ab'.repeat(32)}`
  const empty = {
    version: 1,
    type: 'allod-recording',
    nonce,
    recordedAt: 1,
    kernel: null,
    cpu: null,
    devices: [],
    missing: [],
  }
  writeFileSync(inFolder('empty.json'), JSON.stringify(empty))
  const { code, stdout } = await run('verify', inFolder('empty.json'), '--nonce', nonce, '--json')
  expect(JSON.parse(stdout)).toMatchObject({ verdict: 'refused', code: 'attestation/not-hardware', kind: 'none' })
  expect(code).toBe(5)
})

test('of a folder passes over what is no collateral, and says so', async () => {
  const { code, stderr, stdout } = await run('verify', inFolder('report'), '--collateral', folder)
  expect(code).toBe(5)
  expect(stderr).toContain(`passed over ${inFolder('garbage')}`)
  // It found the certificate, which no root of AMD’s vouches for.
  expect(stdout).toContain('(sevsnp/')
  expect(stdout).not.toContain('sevsnp/vek-missing')
})

test.each([
  ['no file', ['verify']],
  ['a file that is not there', ['verify', 'gone']],
  ['two files', ['verify', 'quote', 'report']],
  ['an unknown kind', ['verify', 'quote', '--kind', 'sgx']],
  ['a nonce of another size', ['verify', 'quote', '--nonce', '0x00']],
  ['a nonce that is no hex', ['verify', 'quote', '--nonce', 'zz'.repeat(32)]],
  ['a nonce, which no CPU answers', ['verify', 'quote', '--nonce', '00'.repeat(32)]],
  ['report data, which no device signs', ['verify', 'gpu', '--report-data', '00']],
  ['report data that is too long', ['verify', 'quote', '--report-data', '00'.repeat(65)]],
  ['a time that is none', ['verify', 'quote', '--at', 'yesterday']],
  ['a day that is none', ['verify', 'quote', '--at', '2026-13-01']],
  ['collateral that is not there', ['verify', 'quote', '--collateral', 'gone']],
  ['a policy that is not there', ['verify', 'quote', '--policy', 'gone']],
  ['a policy that has no such field', ['verify', 'quote', '--policy', 'bad-policy.json']],
  ['endpoints that are none', ['verify', 'quote', '--fetch', '--endpoints', 'policy.json']],
  ['endpoints that are not there', ['verify', 'quote', '--fetch', '--endpoints', 'gone']],
  ['a recording without a place', ['record']],
])('was called wrongly with %s', async (_, argv) => {
  const files = ['quote', 'report', 'gpu', 'gone', 'policy.json', 'bad-policy.json']
  const { code, stderr } = await run(...argv.map((word) => (files.includes(word) ? inFolder(word) : word)))
  expect(stderr).toContain(argv.includes('bad-policy.json') ? 'cli/bad-policy' : 'cli/bad-usage')
  expect(code).toBe(2)
})

test('tells the strict policy in words, or whole; and a file’s own', async () => {
  const words = await run('policy')
  expect(words.stdout).toContain('Nothing may stay unknown')
  expect(JSON.parse((await run('policy', '--json')).stdout)).toEqual(strictEvidence)
  const own = await run('policy', '--policy', inFolder('policy.json'))
  expect(own.stdout).toContain('Exception: revocation may stay unknown')
})

test('puts a file into words, and says that nothing of it was verified', async () => {
  const { code, stdout, stderr } = await run('show', inFolder('report'))
  expect(code).toBe(0)
  expect(stdout).toMatch(/MEASUREMENT\s+0x/)
  expect(stderr).toContain('nothing of this was verified')
  expect((await run('show', inFolder('garbage'))).code).toBe(5)
})

test.skipIf(existsSync('/sys/kernel/config/tsm/report'))('records nothing where there is no chip to ask', async () => {
  const { code, stderr } = await run('record', '--out', inFolder('recording.json'), '--no-fetch')
  expect(stderr).toContain('attestation/report-device-missing')
  expect(code).toBe(5)
  expect(existsSync(inFolder('recording.json'))).toBe(false)
})
