import { toHex } from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import { refusedChecks } from '../appraisal.ts'
import { appraise } from '../appraise.ts'
import { outcomeOf, type PartialPolicy, policyOf } from '../testing/runVectors.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { parsePem } from '../x509/pem.ts'
import type { SevSnpClaims } from './claims.ts'
import { describeSevSnp } from './describeSevSnp.ts'
import { tcbWords } from './tcb.ts'
import { hasRecordings, recorded, recordings } from './testing/recordings.ts'
import { vekClaims } from './vek.ts'
import { sevSnpVerifier } from './verifySevSnp.ts'
import { withIntermediate } from './withIntermediate.ts'

if (!hasRecordings) console.info('skipped: genuine SEV-SNP recordings are not beside this repository')

const verifier = sevSnpVerifier()

test('all recordings are listed', () => {
  expect(recordings.length).toBe(22)
})

describe.skipIf(!hasRecordings)('genuine evidence', () => {
  test.each(recordings)('$name', async ({ report, endorsements, now, code, says, refused = [], policy }) => {
    const verify = async () => await verifier.verify(report(), withIntermediate(endorsements.map(recorded)), { now })
    expect(await outcomeOf(verify)).toBe(code ?? 'accepted')
    if (code !== undefined) return
    const cpu = await verify()
    const { version, product, signingKey, reportedTcb } = cpu.claims as SevSnpClaims
    expect(`${version} ${product} ${signingKey} ${tcbWords(reportedTcb)}`).toBe(says)
    const refusedUnder = (partial: PartialPolicy) =>
      refusedChecks(
        appraise({ verified: { cpu, devices: [] }, expected: { reportData: null, nonce: null } }, policyOf(partial)),
      ).map((c) => c.name)
    // Nobody recorded AMD's revocation lists, so the default policy refuses what else is good.
    expect(refusedUnder({}).sort()).toEqual(['revocation', ...refused].sort())
    const excepted = refusedUnder({ ...policy, exceptions: ['revocation-unknown'] })
    expect(excepted).toEqual(policy === undefined ? refused : [])
    expect(describeSevSnp(report()).find((f) => f.name === 'MEASUREMENT')?.value).toBe(cpu.measurement)
  })

  test('PEM by Microsoft and DER by AMD are the same authorities', () => {
    for (const product of ['milan', 'genoa', 'turin'])
      for (const of of ['ask', 'ark'])
        expect(parsePem(recorded(`microsoft/${product}_${of}.pem`), 'CERTIFICATE', 1).map(toHex)).toEqual([
          toHex(recorded(`amd-roots/${product}_${of}.der`)),
        ])
  })

  test('a VCEK of Turin that no report came with', () => {
    const { product, tcb, hwId } = vekClaims(parseCertificate(recorded('virtee/vcek_turin.der')), 'vcek')
    expect(`${product} ${tcbWords(tcb)} ${toHex(hwId ?? new Uint8Array())}`).toBe(
      'Turin fmc 0 bootloader 0 tee 0 snp 0 microcode 9 0x1e550a8ee5cf9f4d',
    )
  })
})
