import { fromHex, isAllodError, toHex } from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import { refusedChecks } from '../appraisal.ts'
import { appraise } from '../appraise.ts'
import { strictEvidence, unboundPolicy } from '../evidencePolicy.ts'
import { parsePckChain } from './pckChain.ts'
import { parseQuote } from './quote.ts'
import { intelSgxRoot } from './roots.ts'
import { at, hasRecordings, recorded, recordedJson } from './testing/recorded.ts'
import { phala, recordings } from './testing/recordings.ts'
import { verifyQuote } from './verifyQuote.ts'
import { tdxVerifier } from './verifyTdx.ts'

if (!hasRecordings) console.info('skipped: genuine TDX recordings are not beside this repository')

describe.skipIf(!hasRecordings)('genuine TDX quotes', () => {
  let ran = 0

  test.each(recordings)('$name: $verdict', async ({ quote, endorsements, now, verdict, refused = [] }) => {
    ran++
    const { cpu, code } = await verified(quote(), endorsements(), now)
    expect(code ?? [cpu?.platform.status, ...(cpu?.platform.advisories ?? [])].join(' ')).toBe(verdict)
    if (cpu === undefined) return
    const evidence = { verified: { cpu, devices: [] }, expected: { reportData: null, nonce: null } }
    const appraisal = appraise(evidence, unboundPolicy(strictEvidence))
    expect(refusedChecks(appraisal).map((c) => c.name)).toEqual(refused)
    expect(appraisal.isAccepted).toBe(refused.length === 0)
  })

  test('every recording was run', () => {
    expect(ran).toBe(31)
  })
})

async function verified(quote: Uint8Array, endorsements: readonly Uint8Array[], now: string) {
  try {
    return { cpu: await tdxVerifier().verify(quote, endorsements, at(now)) }
  } catch (error) {
    if (!isAllodError(error)) throw error
    return { code: error.code }
  }
}

describe.skipIf(!hasRecordings)('what genuine quotes say', () => {
  test('padding is counted, windows add up, and the root is Intel’s', async () => {
    const cpu = await tdxVerifier().verify(recorded('phala-tdx_quote'), phala(), at('2025-06-20T00:00:00Z'))
    expect(cpu).toMatchObject({
      root: '0x44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3',
      tcb: 17,
      isDebug: false,
      isHardware: true,
      // The PCK list's next update, a few minutes before the others.
      validUntil: Date.parse('2025-07-19T10:00:35Z') / 1000,
      claims: { paddingBytes: 70, module: { id: 'TDX_01' }, fmspc: '0xb0c06f000000', evaluationNumber: 17 },
    })
  })

  test('report data is what the recording’s owner asked for', () => {
    const quote = parseQuote(recorded('google/ccel/cos-113-tdx-quote.dat'))
    expect(quote.report.reportData).toBe(toHex(recorded('google/ccel/nonce.dat')))
  })

  test('signatures of quotes without collateral of their time hold', async () => {
    const names = ['attestation-rs/tdx_quote_live.dat', 'trustee/tdx_quote_6.dat', 'dstack/tdx_quote']
    const quotes = [
      ...names.map(recorded),
      // A container of dstack's around a quote: four bytes of its own, then the quote.
      recorded('dstack/attestation.bin').subarray(4, 4 + 5006),
      fromHex(`0x${recordedJson('dstack/tdx-lite-attestation.json').attestation}`).subarray(4, 4 + 5006),
    ]
    for (const bytes of quotes) {
      const quote = parseQuote(bytes)
      const { pck, root } = await parsePckChain(quote.signature.pckChain, [intelSgxRoot])
      expect(root.certificate.commonName).toBe('Intel SGX Root CA')
      await expect(verifyQuote(quote, pck)).resolves.toMatchObject({ isvprodid: 2 })
    }
  })
})

test('the pinned root is Intel’s', () => {
  expect(intelSgxRoot).toBe('0x44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3')
})
