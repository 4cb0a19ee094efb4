import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { VectorFile } from '../testing/runVectors.ts'
import { describeSevSnp } from './describeSevSnp.ts'

const { blobs } = JSON.parse(readFileSync(new URL('../vectors/sevsnp.json', import.meta.url), 'utf8')) as VectorFile
const described = (name: string) => describeSevSnp(Uint8Array.from(Buffer.from(blobs[name] ?? '', 'base64')))
const wordsOf = (name: string, field: string) => described(name).find((f) => f.name === field)

test('each field is named once, as AMD names it, with a value and words', () => {
  const fields = described('v5-turin')
  expect(fields.map((f) => f.name)).toEqual([
    ...['VERSION', 'GUEST_SVN', 'POLICY', 'FAMILY_ID', 'IMAGE_ID', 'VMPL', 'SIGNATURE_ALGO', 'CURRENT_TCB'],
    ...['PLATFORM_INFO', 'SIGNING_KEY', 'MASK_CHIP_KEY', 'AUTHOR_KEY_EN', 'REPORT_DATA', 'MEASUREMENT', 'HOST_DATA'],
    ...['ID_KEY_DIGEST', 'AUTHOR_KEY_DIGEST', 'REPORT_ID', 'REPORT_ID_MA', 'REPORTED_TCB'],
    ...['CPUID_FAM_ID', 'CPUID_MOD_ID', 'CPUID_STEP', 'CHIP_ID', 'COMMITTED_TCB', 'CURRENT_VERSION'],
    ...['COMMITTED_VERSION', 'LAUNCH_TCB', 'LAUNCH_MIT_VECTOR', 'CURRENT_MIT_VECTOR', 'SIGNATURE'],
  ])
  expect(fields.filter((f) => f.value === '' || f.words === '')).toEqual([])
})

test('an older report has the fields of its version', () => {
  const names = described('v2-milan').map((f) => f.name)
  expect(names.filter((name) => /^CPUID|MIT_VECTOR/.test(name))).toEqual([])
})

test('words say what bits and bytes mean', () => {
  expect(wordsOf('v3-milan', 'POLICY')).toMatchObject({
    value: '0x000000000003001f',
    words: 'ABI at least 0.31; SMT allowed',
  })
  expect(wordsOf('v3-milan', 'PLATFORM_INFO')?.words).toBe('SMT on, memory checked for aliases')
  expect(wordsOf('v5-turin', 'REPORTED_TCB')?.words).toContain('fmc 1 bootloader 1 tee 1 snp 4 microcode 81')
  expect(wordsOf('vlek-report', 'CHIP_ID')?.words).toBe('masked: names no chip')
  expect(wordsOf('vlek-report', 'SIGNING_KEY')?.value).toBe('VLEK')
})
