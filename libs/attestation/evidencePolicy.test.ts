import { expect, test } from 'vitest'
import { exceptions } from './appraisal.ts'
import { strictEvidence } from './evidencePolicy.ts'
import { explainPolicy } from './explainPolicy.ts'
import { parseEvidencePolicy } from './parseEvidencePolicy.ts'

const digest = (sizeBytes: number) => `0x${'ab'.repeat(sizeBytes)}` as const

test('a policy’s file says only where it differs, at any depth', () => {
  expect(parseEvidencePolicy({ version: 1 })).toEqual(strictEvidence)
  const policy = parseEvidencePolicy({ version: 1, tdx: { registers: { rtmr3: [digest(48)] } } })
  expect(policy).toEqual({
    ...strictEvidence,
    tdx: { ...strictEvidence.tdx, registers: { ...strictEvidence.tdx.registers, rtmr3: [digest(48)] } },
  })
})

test.each([
  ['no version', {}],
  ['another version', { version: 2 }],
  ['a field that there is not', { version: 1, exception: ['revocation-unknown'] }],
  ['a field that there is not, deeper', { version: 1, tdx: { debug: true } }],
  ['a field that would be a prototype', JSON.parse('{"version":1,"__proto__":{"debug":true}}')],
  ['a field that would be a prototype, deeper', JSON.parse('{"version":1,"tdx":{"__proto__":{"debug":true}}}')],
  ['an exception that there is not', { version: 1, exceptions: ['kind-not-allowed'] }],
  ['the simulated kind', { version: 1, kinds: ['simulated'] }],
  ['no kind', { version: 1, kinds: [] }],
  ['a part that is no object', { version: 1, tdx: 'strict' }],
  ['a part that is null', { version: 1, nvidia: null }],
  ['a list', []],
  ['nothing', null],
])('refuses a file with %s', (_, value) => {
  expect(() => parseEvidencePolicy(value)).toThrow(expect.objectContaining({ code: 'protocol/bad-shape' }))
})

test('says in words what it demands, and where it demands nothing', () => {
  const words = explainPolicy(strictEvidence).join('\n')
  expect(words).toContain('simulated evidence and debugging are never accepted')
  expect(words).toContain('does not say which program runs')
  expect(words).toContain('Nothing may stay unknown')
  const lax = parseEvidencePolicy({
    version: 1,
    kinds: ['sevsnp'],
    minimumTcb: 7,
    gpus: 1,
    machines: [digest(32)],
    configs: [digest(32)],
    measurements: [digest(48)],
    exceptions: [...exceptions],
    sevsnp: {
      products: ['Turin'],
      minimumTcb: { Turin: { fmc: 1, bootloader: 2, tee: 3, snp: 4, microcode: 5 } },
      vlek: true,
      vmpls: [0, 1],
      smt: false,
      aliasCheck: true,
      idKeys: [digest(48)],
      authorKeys: [digest(48)],
    },
    nvidia: { chips: ['GH100'], minimumDriver: '580.95.05', vbios: ['96.00'], switches: 4, onHold: 'allowed' },
  })
  const said = explainPolicy(lax).join('\n')
  for (const part of [
    'Exactly 1 GPU must',
    'TCB number must be 7',
    'measurements must be among 1',
    'Turin must have at least fmc 1, bootloader 2, tee 3, snp 4, microcode 5',
    'cloud’s key are accepted',
    'level 0 or 1',
    'must not be on',
    'aliases',
    'id block',
    'author',
    'GH100',
    '580.95.05',
    'VBIOS',
    'exactly 4 switches',
    'on hold',
  ])
    expect(said).toContain(part)
  expect(said).not.toContain('TDX:')
  expect(said.match(/^Exception: /gm)?.length).toBe(exceptions.length)
})

test('says in words what it lets a trust domain do', () => {
  const policy = parseEvidencePolicy({
    version: 1,
    tdx: { advisories: [], required: [], allowed: [], serviceTd: 'allowed', registers: { mrtd: [digest(48)] } },
  })
  const said = explainPolicy(policy).join('\n')
  expect(said).toContain('only these are accepted: none')
  expect(said).toContain('attributes none may be on.')
  expect(said).toContain('service TD may be bound')
  expect(said).toContain('mrtd must be one of 1 named')
})
