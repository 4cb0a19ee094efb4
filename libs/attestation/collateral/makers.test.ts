import { existsSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fromHex, sha256, utf8 } from '@allod/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readCollateralFile, readEvidenceFile } from '../files/index.ts'
import { hardwareVerifiers } from '../hardware/hardwareVerifiers.ts'
import { nvidiaVerifiers } from '../nvidia/verifyNvidia.ts'
import { sevSnpVerifier } from '../sevsnp/verifySevSnp.ts'
import { tdxVerifier } from '../tdx/verifyTdx.ts'
import { issueCertificate } from '../testing/issue.ts'
import { issueOcsp, ocspRefusal } from '../testing/issueOcsp.ts'
import type { VectorFile } from '../testing/runVectors.ts'
import { newTestKey } from '../testing/testKey.ts'
import { parseOcspResponse } from '../x509/ocsp.ts'
import { bundleSource, recordingSource } from './bundle.ts'
import { collateralOf } from './collateralOf.ts'
import { type Endpoints, endpointsShape, makersEndpoints } from './endpoints.ts'
import { fitting } from './fitting.ts'
import { httpSource } from './source.ts'

type Answer = { readonly body: Uint8Array | string; readonly headers?: Record<string, string> }

/** A server in all the makers’ places; what it does not know is not found. */
let answers: ReadonlyMap<string, Answer | ((body: Uint8Array) => Answer | null)>
let asked: string[]
let endpoints: Endpoints
let stop: () => Promise<unknown>
beforeEach(async () => {
  asked = []
  answers = new Map()
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request)
    asked.push(request.url ?? '')
    const known = answers.get(request.url ?? '')
    const answer = typeof known === 'function' ? known(body) : known
    if (answer === undefined || answer === null) response.writeHead(404).end()
    else response.writeHead(200, answer.headers).end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  endpoints = {
    intelPcs: base,
    intelRootCrl: `${base}/IntelSGXRootCA.der`,
    amdKds: base,
    nvidiaRim: base,
    nvidiaOcsp: `${base}/ocsp`,
  }
  stop = () => new Promise((resolve) => server.close(resolve))
})
afterEach(() => stop())

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** Vectors of our own: blobs by name, and the roots that they are under. */
function vectors(kind: string) {
  const file = JSON.parse(readFileSync(join(import.meta.dirname, `../vectors/${kind}.json`), 'utf8')) as VectorFile
  const blob = (name: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(file.blobs[name] ?? '', 'base64'))
  return { blob, now: file.now, roots: file.roots.map(blob) }
}
const header = (pem: Uint8Array): string => encodeURIComponent(Buffer.from(pem).toString())

describe('Intel', () => {
  const { blob, now, roots } = vectors('tdx')
  const quote = blob('v4')
  const [tcb, qe, crl, rootCrl] = [
    '/tdx/certification/v4/tcb?fmspc=',
    '/tdx/certification/v4/qe/identity',
    '/sgx/certification/v4/pckcrl?ca=platform&encoding=der',
    '/IntelSGXRootCA.der',
  ]
  const fmspc = (JSON.parse(Buffer.from(blob('tcb-info')).toString()) as { tcbInfo: { fmspc: string } }).tcbInfo.fmspc
  const pcs = () =>
    new Map<string, Answer>([
      [
        `${tcb}${fmspc.toUpperCase()}`,
        { body: blob('tcb-info'), headers: { 'TCB-Info-Issuer-Chain': header(blob('tcb-chain')) } },
      ],
      [qe, { body: blob('qe-identity'), headers: { 'SGX-Enclave-Identity-Issuer-Chain': header(blob('tcb-chain')) } }],
      [crl, { body: blob('pck-crl') }],
      [rootCrl, { body: blob('root-crl') }],
    ])
  const part = { kind: 'tdx', evidence: quote, endorsements: [] } as const

  test('gives what the quote’s verifier takes, by the family and authority that the quote names', async () => {
    answers = pcs()
    const { endorsements, missing } = await collateralOf(part, httpSource(), endpoints)
    expect(missing).toEqual([])
    expect(asked).toEqual([...pcs().keys()])
    expect((await tdxVerifier({ roots }).verify(quote, endorsements, { now })).platform.status).toBe('UpToDate')
  })

  test('is asked for nothing that was supplied', async () => {
    answers = pcs()
    const supplied = ['tcb-info', 'qe-identity', 'tcb-chain', 'pck-crl'].map(blob)
    await collateralOf({ ...part, endorsements: supplied }, httpSource(), endpoints)
    expect(asked).toEqual([rootCrl])
  })

  test('that does not know keeps nothing else away, and what is missing is named', async () => {
    answers = new Map([...pcs()].slice(0, 1))
    const { endorsements, missing } = await collateralOf(part, httpSource(), endpoints)
    expect(endorsements.length).toBe(2)
    expect(missing).toEqual([
      expect.stringContaining('identity of the quoting enclave: a service for collateral refused'),
      expect.stringContaining('collateral/refused'),
      expect.stringContaining('root'),
    ])
  })

  test('is not asked about what is no quote', async () => {
    await expect(
      collateralOf({ ...part, evidence: quote.subarray(0, 99) }, httpSource(), endpoints),
    ).rejects.toMatchObject({
      code: 'collateral/bad-evidence',
    })
    expect(asked).toEqual([])
  })

  test('once recorded answers from the bundle', async () => {
    answers = pcs()
    const recording = recordingSource(httpSource(), now)
    const first = await collateralOf(part, recording.source, endpoints)
    const again = await collateralOf(part, bundleSource(recording.bundle(), now), endpoints)
    expect(again).toEqual(first)
    // And the bundle is a file of collateral.
    expect(readCollateralFile(recording.bundle()).length).toBe(first.endorsements.length)
  })
})

describe('AMD', () => {
  const { blob, now, roots } = vectors('sevsnp')
  const pem = (...names: string[]): string =>
    names
      .map(
        (name) =>
          `-----BEGIN CERTIFICATE-----\n${Buffer.from(blob(name))
            .toString('base64')
            .replace(/(.{64})/g, '$1\n')
            .trimEnd()}\n-----END CERTIFICATE-----\n`,
      )
      .join('')
  const idOf = (report: Uint8Array, size: number) => Buffer.from(report.subarray(0x1a0, 0x1a0 + size)).toString('hex')
  const kds = (key: string, product: string, vcek: string) =>
    new Map<string, Answer>([
      [key, { body: blob(vcek) }],
      [`/vcek/v1/${product}/cert_chain`, { body: pem(`ask-${product.toLowerCase()}`, `ark-${product.toLowerCase()}`) }],
      [`/vcek/v1/${product}/crl`, { body: blob(`crl-${product.toLowerCase()}`) }],
    ])
  const tcbOf = (report: Uint8Array) => report.subarray(0x180, 0x188)

  test.each([
    ['v3-milan', 'Milan', 'vcek-milan'],
    ['v5-genoa', 'Genoa', 'vcek-genoa'],
    ['v5-turin', 'Turin', 'vcek-turin'],
  ])('gives what the verifier of %s takes, by chip and security versions', async (name, product, vcek) => {
    const report = blob(name)
    const tcb = tcbOf(report)
    const isTurin = product === 'Turin'
    const at = (i: number): number => tcb[i] ?? 0
    const versions = isTurin
      ? `fmcSPL=${at(0)}&blSPL=${at(1)}&teeSPL=${at(2)}&snpSPL=${at(3)}&ucodeSPL=${at(7)}`
      : `blSPL=${at(0)}&teeSPL=${at(1)}&snpSPL=${at(6)}&ucodeSPL=${at(7)}`
    answers = kds(`/vcek/v1/${product}/${idOf(report, isTurin ? 8 : 64)}?${versions}`, product, vcek)
    const part = { kind: 'sevsnp', evidence: report, endorsements: [] } as const
    const { endorsements, missing } = await collateralOf(part, httpSource(), endpoints)
    expect(missing).toEqual([])
    const { findings } = await sevSnpVerifier({ roots }).verify(report, endorsements, { now })
    expect(findings.map((f) => f.result)).toEqual(['pass'])
  })

  test('is asked under each product for a report that names none', async () => {
    const report = blob('v2-milan')
    const part = { kind: 'sevsnp', evidence: report, endorsements: [] } as const
    const { missing } = await collateralOf(part, httpSource(), endpoints)
    expect(asked.map((url) => url.split('/')[3])).toEqual(['Milan', 'Genoa', 'Milan', 'Milan'])
    expect(missing.length).toBe(3)
  })

  test('is asked for no key that was supplied, that a cloud holds, or whose chip is masked', async () => {
    const supplied = { kind: 'sevsnp', evidence: blob('v2-milan'), endorsements: [blob('vcek-milan')] } as const
    await collateralOf(supplied, httpSource(), endpoints)
    expect(asked).toEqual(['/vcek/v1/Milan/cert_chain', '/vcek/v1/Milan/crl'])
    const vlek = { kind: 'sevsnp', evidence: blob('vlek-report'), endorsements: [] } as const
    const { missing } = await collateralOf(vlek, httpSource(), endpoints)
    expect(missing[0]).toContain('the host to its guests')
    expect(asked.slice(2)).toEqual(['/vlek/v1/Milan/cert_chain', '/vlek/v1/Milan/crl'])
    const masked = blob('v3-milan')
    masked.fill(0, 0x1a0, 0x1e0)
    const third = await collateralOf({ kind: 'sevsnp', evidence: masked, endorsements: [] }, httpSource(), endpoints)
    expect(third.missing[0]).toContain('does not name its chip')
  })

  test('is not asked about what is no report', async () => {
    const part = { kind: 'sevsnp', evidence: new Uint8Array(3), endorsements: [] } as const
    await expect(collateralOf(part, httpSource(), endpoints)).rejects.toMatchObject({ code: 'collateral/bad-evidence' })
  })
})

describe('NVIDIA', () => {
  const { blob, now } = vectors('nvidia')
  const ocsp = [
    'ocsp device',
    'ocsp provisioner',
    'ocsp identity',
    'ocsp rim signer',
    'ocsp rim l3',
    'ocsp rim l2',
  ].map(blob)
  const part = { kind: 'nvidia-gpu', evidence: blob('gpu'), endorsements: [blob('gpu chain')] } as const
  const verifier = () => {
    const [roots, rimRoot] = [[blob('device root')], blob('manifest root')]
    return nvidiaVerifiers({ roots, rimRoot })[0]
  }
  // A responder answers by the serial that the request names.
  const answerTo = (request: Uint8Array): Answer | null => {
    const text = Buffer.from(request).toString('hex')
    const found = ocsp.find((der) => {
      const [answer] = parseOcspResponse(der).answers
      return answer !== undefined && text.includes(Buffer.from(answer.certId).toString('hex'))
    })
    return found === undefined ? null : { body: found }
  }
  const service = (ids: readonly string[]) => {
    const manifest = (name: string, id: string): [string, Answer] => [
      `/v1/rim/${id}`,
      { body: JSON.stringify({ id, rim: Buffer.from(blob(name)).toString('base64'), sha256: '' }) },
    ]
    return new Map<string, Answer | typeof answerTo>([
      manifest('driver', ids[0] ?? ''),
      manifest('vbios', ids[1] ?? ''),
      ['/ocsp', answerTo],
    ])
  }

  test('gives manifests by the device’s versions, and the status of every certificate in use', async () => {
    await collateralOf(part, httpSource(), endpoints)
    const ids = asked.slice(0, 2).map((url) => url.slice('/v1/rim/'.length))
    expect(ids).toEqual([expect.stringMatching(/^NV_GPU_DRIVER_GH100_/), expect.stringMatching(/^NV_GPU_VBIOS_/)])
    answers = service(ids)
    const { endorsements, missing } = await collateralOf(part, httpSource(), endpoints)
    expect(missing).toEqual([])
    const { findings, claims } = await verifier().verify(part.evidence, [...part.endorsements, ...endorsements], {
      now,
    })
    expect(findings.map((f) => f.result)).toEqual(findings.map(() => 'pass'))
    expect(claims).toMatchObject({ mismatches: [], revocation: 'good' })
  })

  test('that answers another request than ours, or not at all, leaves the status unknown', async () => {
    const root = await issueCertificate({ subject: 'Root', key: await newTestKey('P-384'), isCa: true })
    const about = { certificate: root, issuer: root, thisUpdate: now, nextUpdate: now + 60 }
    const supplied = { ...part, endorsements: [...part.endorsements, blob('driver'), blob('vbios')] }
    const fetchedWith = async (body: Uint8Array) => {
      answers = new Map([['/ocsp', { body }]])
      return collateralOf(supplied, httpSource(), endpoints)
    }
    const [ours, another] = [sha256(part.evidence), new Uint8Array(32)]
    const { endorsements } = await fetchedWith(await issueOcsp({ ...about, nonce: ours }))
    expect(endorsements.length).toBe(ocsp.length)
    for (const [body, code] of [
      [await issueOcsp({ ...about, nonce: another }), 'collateral/refused'],
      [utf8('<html>'), 'x509/bad-der'],
      [ocspRefusal(3), 'x509/ocsp-unsuccessful'],
    ] as const) {
      const { endorsements, missing } = await fetchedWith(body)
      expect(endorsements).toEqual([])
      expect(missing).toEqual(ocsp.map(() => expect.stringContaining(code)))
    }
  })

  test('is asked for nothing that was supplied', async () => {
    const endorsements = [...part.endorsements, blob('driver'), blob('vbios'), ...ocsp]
    expect(await collateralOf({ ...part, endorsements }, httpSource(), endpoints)).toEqual({
      endorsements: [],
      missing: [],
    })
    expect(asked).toEqual([])
  })

  test('that answers with no manifest is said to have refused', async () => {
    await collateralOf(part, httpSource(), endpoints)
    answers = new Map(asked.map((url) => [url, { body: '{"rim":1}' }]))
    const { missing } = await collateralOf(part, httpSource(), endpoints)
    expect(missing[0]).toMatch(/^reference manifest NV_GPU_DRIVER.*collateral\/refused/)
  })

  test('is not asked about what is no device’s evidence', async () => {
    const bad = { ...part, evidence: new Uint8Array(3) }
    await expect(collateralOf(bad, httpSource(), endpoints)).rejects.toMatchObject({ code: 'collateral/bad-evidence' })
    await expect(collateralOf({ ...part, endorsements: [] }, httpSource(), endpoints)).rejects.toMatchObject({
      code: 'nvidia/bad-endorsement',
    })
  })
})

describe('of a folder', () => {
  test('what fits a chip is taken: its own key, its product’s authorities and list', () => {
    const { blob } = vectors('sevsnp')
    const all = ['ark', 'ask', 'asvk', 'vcek', 'vlek', 'crl'].flatMap((sort) =>
      ['milan', 'genoa', 'turin'].map((product) => `${sort}-${product}`),
    )
    const folder = all.map((name) => ({ name, bytes: blob(name) })).filter(({ bytes }) => bytes.length > 0)
    const chosen = (report: string): string[] => {
      const part = { kind: 'sevsnp', evidence: blob(report), endorsements: [] } as const
      const fit = fitting(
        part,
        folder.map((f) => f.bytes),
      )
      return folder.filter((f) => fit.includes(f.bytes)).map((f) => f.name)
    }
    expect(chosen('v3-genoa')).toEqual(['ark-genoa', 'ask-genoa', 'vcek-genoa', 'crl-genoa'])
    expect(chosen('v5-turin')).toEqual(['ark-turin', 'ask-turin', 'vcek-turin', 'crl-turin'])
    // Version 2 names no product; the key in the folder does.
    expect(chosen('v2-milan')).toEqual(['ark-milan', 'ask-milan', 'vcek-milan', 'crl-milan'])
    expect(chosen('vlek-report')).toEqual(['ark-milan', 'asvk-milan', 'vlek-milan', 'crl-milan'])
    const broken = { kind: 'sevsnp', evidence: new Uint8Array(3), endorsements: [] } as const
    expect(
      fitting(
        broken,
        folder.map((f) => f.bytes),
      ).length,
    ).toBe(folder.length)
  })

  test('what fits a device is taken: manifests of its versions, a chain where it has none', () => {
    const { blob } = vectors('nvidia')
    const [evidence, chain, driver, vbios] = [blob('gpu'), blob('gpu chain'), blob('driver'), blob('vbios')]
    const other = utf8('<SoftwareIdentity><Meta colloquialVersion="1.2"/></SoftwareIdentity>')
    const one = utf8(
      `${Buffer.from(chain).toString().split('-----END CERTIFICATE-----')[0]}-----END CERTIFICATE-----\n`,
    )
    const folder = [other, chain, one, driver, vbios, blob('ocsp device')]
    const bare = { kind: 'nvidia-gpu', evidence, endorsements: [] } as const
    expect(fitting(bare, folder)).toEqual([chain, driver, vbios, blob('ocsp device')])
    expect(fitting({ ...bare, endorsements: [chain] }, folder)).toEqual([driver, vbios, blob('ocsp device')])
  })

  test('all is left to the verifier of quotes, which takes its family’s own', () => {
    const folder = [fromHex('0x00')]
    expect(fitting({ kind: 'tdx', evidence: new Uint8Array(1), endorsements: [] }, folder)).toEqual(folder)
  })
})

test('endpoints are URLs without a slash at their end', () => {
  expect(endpointsShape(makersEndpoints)).toEqual(makersEndpoints)
  for (const amdKds of ['ftp://x', 'https://x/', 'x', ''])
    expect(() => endpointsShape({ ...makersEndpoints, amdKds })).toThrow()
})

const recordings = join(import.meta.dirname, '../../../../shared/vectors/attestation')
const isThere = existsSync(recordings)
if (!isThere) console.info('skipped: no genuine recordings beside this repository')

describe.skipIf(!isThere)('genuine files behind a server', () => {
  const read = (name: string): Uint8Array => new Uint8Array(readFileSync(join(recordings, name)))

  test('Intel’s make a recorded quote verify', async () => {
    const folder = 'tdx/attestation-rs/collateral'
    const chain = { 'TCB-Info-Issuer-Chain': header(read(`${folder}/tcb_signing_chain.pem`)) }
    answers = new Map([
      [
        '/tdx/certification/v4/tcb?fmspc=90C06F000000',
        { body: read(`${folder}/tcb_info_90c06f000000.json`), headers: chain },
      ],
      ['/tdx/certification/v4/qe/identity', { body: read(`${folder}/td_qe_identity.json`) }],
      ['/sgx/certification/v4/pckcrl?ca=platform&encoding=der', { body: read(`${folder}/pck_crl_platform.der`) }],
      ['/IntelSGXRootCA.der', { body: read(`${folder}/root_ca_crl.der`) }],
    ])
    const file = readEvidenceFile(read('tdx/google/quote_v5_sample.dat'))
    const part = file.kind === 'parts' ? file.parts[0] : undefined
    if (part === undefined) throw new Error('no quote')
    const { endorsements } = await collateralOf(part, httpSource(), endpoints)
    const [verifier] = hardwareVerifiers()
    const now = Date.UTC(2026, 2, 17) / 1000
    expect(await verifier?.verify(part.evidence, endorsements, { now })).toMatchObject({
      platform: { status: 'UpToDate' },
    })
  })

  test('AMD’s make a recorded report verify, but for a list that nobody recorded', async () => {
    const evidence = read('snp/microsoft/turin_attestation_report.bin')
    const id = Buffer.from(evidence.subarray(0x1a0, 0x1a8)).toString('hex')
    const [vcek] = readCollateralFile(read('snp/microsoft/turin_vcek.pem'))
    answers = new Map([
      [`/vcek/v1/Turin/${id}?fmcSPL=1&blSPL=1&teeSPL=1&snpSPL=4&ucodeSPL=81`, { body: vcek ?? '' }],
      ['/vcek/v1/Turin/cert_chain', { body: read('snp/google/ask_ark_turin_vcek.pem') }],
    ])
    const part = { kind: 'sevsnp', evidence, endorsements: [] } as const
    const { endorsements, missing } = await collateralOf(part, httpSource(), endpoints)
    expect(missing).toEqual([expect.stringContaining('AMD’s revocation list')])
    const verified = await sevSnpVerifier().verify(evidence, endorsements, { now: Date.UTC(2026, 10, 25) / 1000 })
    expect(verified.findings.map((f) => f.result)).toEqual(['unknown'])
  })
})
