import { concat, isAllodError, toBase64Url, utf8 } from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import { readCollateralFile, readEvidenceFile, recordingReportData } from './index.ts'

/** Bytes with some written at some places; the rest zero. */
function bytes(size: number, places: Readonly<Record<number, readonly number[]>> = {}): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(size)
  for (const [at, values] of Object.entries(places)) out.set(values, Number(at))
  return out
}
const hexOf = (b: Uint8Array): string => Buffer.from(b).toString('hex')
const base64 = (b: Uint8Array): string => Buffer.from(b).toString('base64')
const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value))
const code = (work: () => unknown): string => {
  try {
    work()
    return 'read'
  } catch (error) {
    return isAllodError(error) ? error.code : `untyped: ${String(error)}`
  }
}

const quote = bytes(700, { 0: [4, 0, 2, 0, 0x81] })
const sgx = bytes(700, { 0: [3, 0, 2, 0, 0], 12: [0x93, 0x9a, 0x72, 0x33] })
const report = bytes(1184, { 0: [3], 52: [1] })
const spdm = (opaque: readonly number[]) =>
  bytes(300, { 0: [0x11, 0xe0, 1, 0xff], 37: [0x11, 0x60], 77: [opaque.length, 0, ...opaque] })
const gpu = spdm([6, 0, 1, 0, 9, 3, 0, 2, 0, 0x35, 0])
const nvswitch = spdm([6, 0, 1, 0, 9, 22, 0, 1, 0, 1])
const hcl = (kind: number) => concat(utf8('HCLA'), bytes(28), report, bytes(64, { 8: [kind] }))
const der = bytes(130, { 0: [0x30, 0x81, 127] })
const pem = `-----BEGIN CERTIFICATE-----\n${base64(der).replace(/(.{64})/g, '$1\n')}\n-----END CERTIFICATE-----\n`
const crlPem = pem.replaceAll('CERTIFICATE', 'X509 CRL')

describe('evidence', () => {
  test.each([
    ['tdx', quote],
    ['sevsnp', report],
    ['nvidia-gpu', gpu],
    ['nvidia-switch', nvswitch],
  ] as const)('is read as %s from binary, hex and base64, whatever breaks its lines', (kind, evidence) => {
    const forms = [
      evidence,
      utf8(hexOf(evidence)),
      utf8(`0x${hexOf(evidence).toUpperCase()}\r\n`),
      utf8(hexOf(evidence).replace(/(.{60})/g, '$1\n')),
      utf8(base64(evidence)),
      utf8(`${base64(evidence).replace(/(.{76})/g, '$1\n')}\n`),
      utf8(toBase64Url(evidence)),
    ]
    for (const form of forms)
      expect(readEvidenceFile(form)).toEqual({
        kind: 'parts',
        parts: [{ kind, evidence, endorsements: [] }],
        nonce: null,
        reportData: null,
        notes: [],
      })
  })

  test('is found in a paravisor’s report, which says that its TPM was not looked at', () => {
    expect(readEvidenceFile(hcl(2))).toMatchObject({
      parts: [{ kind: 'sevsnp', evidence: report }],
      notes: [expect.stringContaining('TPM')],
    })
    expect(code(() => readEvidenceFile(hcl(4)))).toBe('file/unsupported-evidence')
  })

  test('is found in the envelopes of those who collect it, with the certificates beside it', () => {
    const envelope = {
      platform: 'snp',
      evidence: { attestation_report: base64(report), cert_chain: { vcek: base64(der) } },
    }
    expect(readEvidenceFile(json(envelope))).toMatchObject({ parts: [{ kind: 'sevsnp', endorsements: [der] }] })
    const azure = { platform: 'az-tdx', evidence: { tpm_quote: {}, hcl_report: 'x', td_quote: toBase64Url(quote) } }
    expect(readEvidenceFile(json(azure))).toMatchObject({
      parts: [{ kind: 'tdx', evidence: quote }],
      notes: [expect.stringContaining('TPM')],
    })
    const log = '[{"imr":0,"digest":"00"}]'
    const dstack = { quote: hexOf(quote), event_log: log, report_data: 'ab'.repeat(64), vm_config: '{}' }
    expect(readEvidenceFile(json(dstack))).toMatchObject({
      parts: [{ kind: 'tdx', endorsements: [utf8(log)] }],
      reportData: `0x${'ab'.repeat(64)}`,
    })
  })

  test('is found in dstack’s own envelope, in each length that SCALE writes', () => {
    const counted = (b: Uint8Array) => concat(Uint8Array.of(((b.length << 2) & 0xff) | 1, b.length >> 6), b)
    const snp = concat(Uint8Array.of(0, 3), counted(report), Uint8Array.of(1 << 2), counted(utf8(pem)))
    expect(readEvidenceFile(snp)).toMatchObject({ parts: [{ kind: 'sevsnp', endorsements: [utf8(pem)] }] })
    const four = concat(Uint8Array.of(0, 0, ((700 << 2) & 0xff) | 2, 700 >> 6, 0, 0), quote)
    expect(readEvidenceFile(json({ attestation: hexOf(four) }))).toMatchObject({
      parts: [{ kind: 'tdx', evidence: quote }],
    })
    expect(code(() => readEvidenceFile(four.subarray(0, 300)))).toBe('file/unknown-evidence')
  })

  test('brings the guest’s own events out of dstack’s envelope, as a log that their register is held against', () => {
    const counted = (b: Uint8Array) => concat(Uint8Array.of(b.length << 2), b)
    const event = (register: number, digest: Uint8Array, name: string, payload: Uint8Array) =>
      concat(
        Uint8Array.of(register, 0, 0, 0, 1, 0, 0, 8),
        ...[digest, utf8(name), payload].map((part) => counted(part)),
      )
    const body = concat(Uint8Array.of(0, 0, ((700 << 2) & 0xff) | 2, 700 >> 6, 0, 0), quote)
    const firmware = event(0, new Uint8Array(48), 'ACPI', Uint8Array.of(1))
    const events = [firmware, event(3, new Uint8Array(0), 'app-id', Uint8Array.of(0xab))]
    const envelope = concat(body, Uint8Array.of(events.length << 2), ...events)
    const log = '[{"imr":3,"event_type":134217729,"digest":"","event":"app-id","event_payload":"ab"}]'
    expect(readEvidenceFile(envelope)).toMatchObject({
      parts: [{ kind: 'tdx', evidence: quote, endorsements: [utf8(log)] }],
      notes: [expect.stringContaining('RTMR3')],
    })
    // Cut, or without a guest's event: the quote is still a quote.
    for (const other of [envelope.subarray(0, -1), concat(body, Uint8Array.of(1 << 2), firmware)])
      expect(readEvidenceFile(other)).toMatchObject({ parts: [{ kind: 'tdx', evidence: quote, endorsements: [] }] })
  })

  test('of several devices is read whole, with the one nonce that they answer', () => {
    const device = (evidence: Uint8Array, nonce: string) => ({
      arch: 'HOPPER',
      evidence: base64(evidence),
      certificate: base64(utf8(pem)),
      nonce,
    })
    const two = readEvidenceFile(json([device(gpu, 'ab'.repeat(32)), device(nvswitch, `0x${'AB'.repeat(32)}`)]))
    expect(two).toMatchObject({
      parts: [{ kind: 'nvidia-gpu', endorsements: [utf8(pem)] }, { kind: 'nvidia-switch' }],
      nonce: `0x${'ab'.repeat(32)}`,
    })
    const differing = [device(gpu, 'ab'.repeat(32)), device(gpu, 'cd'.repeat(32))]
    expect(readEvidenceFile(json({ evidences: differing, result_code: 0 }))).toMatchObject({ nonce: null })
    expect(code(() => readEvidenceFile(json(Array(33).fill(device(gpu, '')))))).toBe('protocol/bad-shape')
    expect(code(() => readEvidenceFile(json([device(quote, '')])))).toBe('file/unknown-evidence')
  })

  test('of NVIDIA’s service is a token, bare or in its collector’s output', () => {
    const eat = [['JWT', 'a.b.c'], { 'GPU-0': 'd.e.f' }]
    for (const value of [eat, { detached_eat: eat, result_code: 0 }])
      expect(readEvidenceFile(json(value))).toEqual({ kind: 'nras', token: json(eat), notes: [] })
  })

  test('of a recording binds its devices to its CPU', () => {
    const nonce = `0x${'07'.repeat(32)}` as const
    const part = (kind: string, evidence: Uint8Array) => ({
      kind,
      evidence: toBase64Url(evidence),
      endorsements: ['AQ'],
    })
    const recording = {
      version: 1,
      type: 'allod-recording',
      nonce,
      recordedAt: 1,
      kernel: '6.7',
      cpu: part('tdx', quote),
      devices: [part('nvidia-gpu', gpu)],
      missing: ['a list'],
    }
    expect(readEvidenceFile(json(recording))).toMatchObject({
      parts: [{ kind: 'tdx' }, { kind: 'nvidia-gpu' }],
      nonce,
      reportData: recordingReportData(nonce, [gpu]),
      notes: ['a list'],
    })
    expect(readEvidenceFile(json({ ...recording, cpu: null }))).toMatchObject({ reportData: null })
    expect(readCollateralFile(json(recording))).toEqual([Uint8Array.of(1), Uint8Array.of(1)])
    expect(code(() => readEvidenceFile(json({ ...recording, extra: 1 })))).toBe('protocol/bad-shape')
    expect(
      code(() => readEvidenceFile(json({ ...recording, cpu: part('tdx', quote), devices: [part('tdx', quote)] }))),
    ).toBe('protocol/bad-shape')
  })

  test('of Allod’s own is left to its shape', () => {
    expect(readEvidenceFile(json({ version: 1, cpu: 1, devices: 2, bound: 3 }))).toMatchObject({ kind: 'bundle' })
  })

  test('is refused by name where it is of a kind that nobody verifies, or no evidence', () => {
    expect(code(() => readEvidenceFile(sgx))).toBe('file/unsupported-evidence')
    for (const other of [
      utf8(''),
      utf8('{'),
      utf8('[]'),
      utf8('{}'),
      utf8('words'),
      utf8(pem),
      utf8('<a/>'),
      bytes(50),
      der,
    ])
      expect(code(() => readEvidenceFile(other))).toBe('file/unknown-evidence')
    expect(code(() => readEvidenceFile(new Uint8Array((8 << 20) + 1)))).toBe('file/too-large')
  })

  test('that is said to be of a kind is read as that kind or not at all', () => {
    expect(code(() => readEvidenceFile(quote, 'sevsnp'))).toBe('file/other-kind')
    expect(code(() => readEvidenceFile(gpu, 'nvidia-switch'))).toBe('file/other-kind')
    expect(readEvidenceFile(quote, 'tdx').kind).toBe('parts')
    // A damaged one is its verifier’s to refuse.
    expect(readEvidenceFile(bytes(10), 'tdx')).toMatchObject({ parts: [{ kind: 'tdx', evidence: bytes(10) }] })
    expect(readEvidenceFile(utf8('a.b.c'), 'nras')).toMatchObject({ kind: 'nras' })
    expect(code(() => readEvidenceFile(bytes(10), 'bundle'))).toBe('file/unknown-evidence')
    expect(code(() => readEvidenceFile(utf8('{}'), 'tdx'))).toBe('file/unknown-evidence')
  })
})

describe('collateral', () => {
  const tcbInfo = '{"tcbInfo":{"id":"TDX"},"signature":"00"}'

  test('in DER is read from binary, hex and base64', () => {
    for (const form of [der, utf8(hexOf(der)), utf8(base64(der))]) expect(readCollateralFile(form)).toEqual([der])
    const short = bytes(12, { 0: [0x30, 10] })
    const long = bytes(70_000, { 0: [0x30, 0x83, 1, 0x11, 0x6b] })
    expect(readCollateralFile(short)).toEqual([short])
    expect(readCollateralFile(long)).toEqual([long])
  })

  test('in PEM becomes one chain, and a list each, whatever stands between the blocks', () => {
    const loose = `subject=/CN=x\r\n${pem.replaceAll('\n', '\r\n')}\n${crlPem}# end\n${pem}`
    expect(readCollateralFile(utf8(loose))).toEqual([utf8(pem + pem), der])
    expect(code(() => readCollateralFile(utf8(pem.repeat(65))))).toBe('file/unknown-collateral')
    expect(code(() => readCollateralFile(utf8('-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----')))).toBe(
      'file/unknown-collateral',
    )
  })

  test('that Intel signed is as dense as it was, whoever made it readable', () => {
    expect(readCollateralFile(utf8(tcbInfo))).toEqual([utf8(tcbInfo)])
    const readable = utf8(`${JSON.stringify(JSON.parse(tcbInfo), null, 2)}\n`)
    expect(readCollateralFile(readable)).toEqual([utf8(tcbInfo)])
    const identity = utf8('{"enclaveIdentity":{},"signature":"00"}')
    expect(readCollateralFile(identity)).toEqual([identity])
  })

  test('that was taken apart is put together again over the very text that was signed', () => {
    const apart = {
      root_ca_crl: hexOf(der),
      pck_crl: base64(der),
      pck_crl_issuer_chain: pem,
      tcb_info_issuer_chain: pem,
      qe_identity_issuer_chain: pem,
      tcb_info: '{"id":"TDX", "spaces":  1}',
      tcb_info_signature: 'aa',
      qe_identity: '{"id":"TD_QE"}',
      qe_identity_signature: 'bb',
    }
    expect(readCollateralFile(json(apart))).toEqual([
      der,
      der,
      utf8(pem),
      utf8('{"tcbInfo":{"id":"TDX", "spaces":  1},"signature":"aa"}'),
      utf8('{"enclaveIdentity":{"id":"TD_QE"},"signature":"bb"}'),
    ])
  })

  test('of an offline bundle holds answers, and no other bundle', () => {
    const within = (value: unknown) => json({ version: 1, entries: [{ bytes: toBase64Url(json(value)), headers: {} }] })
    expect(readCollateralFile(within({ keys: [] }))).toEqual([json({ keys: [] })])
    expect(code(() => readCollateralFile(within({ version: 1, entries: [] })))).toBe('file/unknown-collateral')
    const nested = json({ version: 1, entries: [{ bytes: toBase64Url(within({ keys: [] })), headers: {} }] })
    expect(code(() => readCollateralFile(nested))).toBe('file/unknown-collateral')
  })

  test('of services and offline bundles is read with the chains of its headers', () => {
    const xml = utf8('<?xml version="1.0"?><SoftwareIdentity/>')
    expect(readCollateralFile(xml)).toEqual([xml])
    expect(readCollateralFile(json({ id: 'x', rim: base64(xml), sha256: 'y' }))).toEqual([xml])
    const entry = { bytes: toBase64Url(utf8(tcbInfo)), headers: { 'tcb-info-issuer-chain': encodeURIComponent(pem) } }
    expect(
      readCollateralFile(json({ version: 1, entries: [entry, { bytes: toBase64Url(der), headers: {} }] })),
    ).toEqual([utf8(tcbInfo), utf8(pem), der])
    expect(readCollateralFile(json({ vcekCert: pem, certificateChain: pem + pem }))).toEqual([utf8(pem.repeat(3))])
    for (const keys of [json({ keys: [] }), json({ x5c: [] })]) expect(readCollateralFile(keys)).toEqual([keys])
  })

  test('of an event log is left to its parser', () => {
    const log = bytes(100, { 32: [...utf8('Spec ID Event03')] })
    expect(readCollateralFile(log)).toEqual([log])
    const events = json([{ imr: 0, digest: '00' }])
    expect(readCollateralFile(events)).toEqual([events])
    expect(readCollateralFile(json({ quote: '', event_log: '[]' }))).toEqual([utf8('[]')])
  })

  test('is refused with what was expected where it is none', () => {
    for (const other of [utf8(''), utf8('{}'), utf8('[1]'), utf8('<html/>'), utf8('words'), der.subarray(1), bytes(40)])
      expect(code(() => readCollateralFile(other))).toBe('file/unknown-collateral')
    expect(code(() => readCollateralFile(json({ rim: 'not base64!' })))).toBe('file/unknown-collateral')
    expect(code(() => readCollateralFile(new Uint8Array((8 << 20) + 1)))).toBe('file/too-large')
  })
})

test('any bytes are read or refused with a code, in bounded time', () => {
  let seed = 7
  const random = (): number => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff
    return seed
  }
  const files = [quote, report, gpu, hcl(2), utf8(pem), json({ quote: hexOf(quote) }), utf8('{"tcbInfo":{}}'), der]
  for (const file of files)
    for (let i = 0; i < 300; i++) {
      const changed = file.slice(0, random() % (file.length + 1))
      if (changed.length > 0) changed[random() % changed.length] = random() & 0xff
      for (const read of [readEvidenceFile, readCollateralFile])
        expect(code(() => read(changed))).not.toMatch(/^untyped/)
    }
  const deep = utf8('['.repeat(4 << 20))
  const wide = utf8(`{"entries":[${'{},'.repeat(1 << 20)}{}]}`)
  for (const hostile of [deep, wide, utf8('0'.repeat(8 << 20)), utf8('A'.repeat(8 << 20))])
    for (const read of [readEvidenceFile, readCollateralFile]) expect(code(() => read(hostile))).not.toMatch(/^untyped/)
})
