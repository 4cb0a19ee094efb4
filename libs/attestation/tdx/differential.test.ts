import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { concat, isAllodError, toHex } from '@allod/protocol'
import startWasm, { js_verify as verifyInWasm } from '@phala/dcap-qvl-web'
import { beforeAll, describe, expect, test } from 'vitest'
import { parsePckChain } from './pckChain.ts'
import { parseQuote } from './quote.ts'
import { intelSgxRoot } from './roots.ts'
import { at, hasRecordings, recorded } from './testing/recorded.ts'
import { phala, recordings } from './testing/recordings.ts'
import { tdxVerifier } from './verifyTdx.ts'

/*
 * The same quotes with the same collateral, by this verifier and by Phala's dcap-qvl (Rust, as WASM, 0.3.3). Where the two
 * differ, the reason is written here, and another difference fails.
 */

const { verify } = tdxVerifier()

beforeAll(async () => {
  const folder = dirname(createRequire(import.meta.url).resolve('@phala/dcap-qvl-web'))
  await startWasm({ module_or_path: readFileSync(join(folder, 'dcap-qvl-web_bg.wasm')) })
})

const NO_V5 = 'dcap-qvl-web 0.3.3 does not read quotes v5'
const NO_ATTRIBUTES = 'SEPT_VE_DISABLE is a policy’s business here, and an error of verification there'
const ALL_SIXTEEN =
  'a module of 1.5 states its major version in byte 1, and Intel’s own library then compares TDX components from index 2 on ' +
  'and judges the module by its identity (TDX_01, isvsvn 4, up to date); dcap-qvl compares all sixteen, which holds the 4 ' +
  'against a 5 that counts modules before 1.5'
const UNKNOWN_IS_AN_ANSWER =
  'no level matches: an error here, as in Intel’s library; there a success with the status "Unknown"'

/** Recordings, by name, on which the two differ, and why. */
const differences: Readonly<Record<string, string>> = {
  v5: NO_V5,
  'v5 with a service TD': NO_V5,
  'v4 under debug': 'debug is a policy’s business here, where no policy allows it, and an error of verification there',
  'Azure, without SEPT_VE_DISABLE': NO_ATTRIBUTES,
  'firmware’s event log': ALL_SIXTEEN,
  'firmware’s event log, lists of June': ALL_SIXTEEN,
  'firmware’s event log of another machine': ALL_SIXTEEN,
  'attested certificate': UNKNOWN_IS_AN_ANSWER,
}

const REFUSED = 'refused'

describe.skipIf(!hasRecordings)('beside dcap-qvl', () => {
  test.each(recordings)('$name', async ({ name, quote, endorsements, now }) => {
    const [bytes, brought] = [quote(), endorsements()]
    const ours = await oursOf(bytes, brought, now)
    const theirs = await theirsOf(bytes, brought, now)
    if (differences[name] === undefined) expect(ours.verdict).toBe(theirs)
    else expect(ours.verdict, differences[name]).not.toBe(theirs)
  })

  test('each difference is of a recording', () => {
    const names = recordings.map((r) => r.name)
    expect(Object.keys(differences).filter((name) => !names.includes(name))).toEqual([])
    expect(recordings.length).toBe(31)
  })
})

// What we refuse of changed input, by code, where the other accepts; each is a byte that no signature covers.
const stricter: Readonly<Record<string, string>> = {
  'tdx/trailing-bytes': 'what follows the quote is passed over there',
  'tdx/bad-quote': 'sizes that do not nest are passed over there',
  'tdx/unsupported-quote': 'the type of certification data is not looked at there',
  'tdx/bad-endorsement':
    'Intel’s outer object is taken apart before it gets there, so what it is called is not looked at',
  'tdx/bad-json': 'nor its punctuation',
  'x509/bad-pem': 'the armour and the NUL behind the chain are read leniently there',
  'x509/root-untrusted': 'the root that the quote brings is not looked at there, and must be the pinned one here',
  'x509/bad-der': 'so is its encoding',
  'x509/bad-signature': 'of two signers of lists there, the one that signed nothing is not looked at; here both are',
}

describe.skipIf(!hasRecordings)('beside dcap-qvl, input changed', () => {
  const now = '2025-06-20T00:00:00Z'
  const quote = hasRecordings ? recorded('phala-tdx_quote') : new Uint8Array()
  const flip = (of: Uint8Array, index: number): Uint8Array =>
    of.map((b, i) => (i === index ? b ^ (1 << (index % 8)) : b))

  async function compare(bytes: Uint8Array, brought: readonly Uint8Array[], what: string): Promise<string> {
    const ours = await oursOf(bytes, brought, now)
    const theirs = await theirsOf(bytes, brought, now)
    if (ours.verdict !== REFUSED) expect(theirs, `${what}: we accept what they refuse`).toBe(ours.verdict)
    if (ours.verdict === REFUSED && theirs !== REFUSED) expect(stricter, what).toHaveProperty([ours.code])
    return ours.verdict
  }

  test('one bit of the quote', async () => {
    const positions = [...steps(0, 1258, 17), 632, 766, 1254, ...steps(1258, quote.length, 61)]
    for (const index of positions)
      expect(await compare(flip(quote, index), phala(), `byte ${index}`), `byte ${index}`).toBe(REFUSED)
  })

  test('QE identity: refused here where it is not Intel’s, not looked at there', async () => {
    const [which, bytes] = [1, phala()[1] as Uint8Array]
    // Up to the signature, whose hex is at least decoded there.
    for (const index of steps(20, bytes.length - 145, 23)) {
      const changed = phala().map((b, i) => (i === which ? flip(b, index) : b))
      expect((await oursOf(quote, changed, now)).verdict, `byte ${index}`).toBe(REFUSED)
      expect(await theirsOf(quote, changed, now), `byte ${index}`).toBe('UpToDate')
    }
  })

  test('one bit of each other endorsement', async () => {
    for (const [which, bytes] of phala().entries())
      if (which !== 1)
        for (const index of steps(5, bytes.length, 211)) {
          const changed = phala().map((b, i) => (i === which ? flip(b, index) : b))
          await compare(quote, changed, `endorsement ${which}, byte ${index}`)
        }
  })

  test('bytes after the quote: zeros are accepted by both, others only there', async () => {
    expect(await compare(concat(quote, new Uint8Array(9)), phala(), 'zeros')).toBe('UpToDate')
    expect(await compare(concat(quote, Uint8Array.of(1)), phala(), 'a byte')).toBe(REFUSED)
    expect(await theirsOf(concat(quote, Uint8Array.of(1)), phala(), now)).toBe('UpToDate')
  })
})

async function oursOf(quote: Uint8Array, endorsements: readonly Uint8Array[], now: string) {
  try {
    const { platform } = await verify(quote, endorsements, at(now))
    return { verdict: [platform.status, ...platform.advisories].join(' '), code: '' }
  } catch (error) {
    if (!isAllodError(error)) throw error
    return { verdict: REFUSED, code: error.code }
  }
}

async function theirsOf(quote: Uint8Array, endorsements: readonly Uint8Array[], now: string): Promise<string> {
  try {
    const { status, advisory_ids: advisories } = verifyInWasm(
      quote,
      await partsOf(quote, endorsements),
      BigInt(at(now).now),
    )
    return [status, ...[...advisories].sort()].join(' ')
  } catch {
    return REFUSED
  }
}

/** The same collateral as the other takes it: Intel's answers in parts, TCB info of the quote's own family. */
async function partsOf(quote: Uint8Array, endorsements: readonly Uint8Array[]): Promise<Record<string, string>> {
  const texts = endorsements.map((bytes) => new TextDecoder('latin1').decode(bytes).trimEnd())
  const isChain = (text: string): boolean => text.startsWith('-----BEGIN')
  // Chains in the order in which they were brought: TCB info's, QE identity's, the list's; one may stand for all.
  const chains = texts.filter(isChain)
  const [infoChain = '', identityChain = infoChain] = chains
  const infos = texts.filter((text) => text.startsWith('{"tcbInfo"'))
  const family = await fmspcOf(quote)
  const info = infos.find((text) => text.toLowerCase().includes(`"fmspc":"${family}"`)) ?? infos[0] ?? ''
  const identity = texts.find((text) => text.startsWith('{"enclaveIdentity"')) ?? ''
  const listOf = (issuer: string): string => {
    const index = texts.findIndex((text) => text.startsWith('0') && text.includes(issuer))
    return toHex(endorsements[index] ?? new Uint8Array()).slice(2)
  }
  return {
    pck_crl_issuer_chain: chains.at(-1) ?? '',
    root_ca_crl: listOf('Intel SGX Root CA'),
    pck_crl: listOf('Intel SGX PCK Platform CA'),
    tcb_info_issuer_chain: infoChain,
    qe_identity_issuer_chain: identityChain,
    ...documentOf('tcb_info', info),
    ...documentOf('qe_identity', identity),
  }
}

// Intel's answer is {"name":…,"signature":"…"}: what is between the first colon and the last comma was signed.
const documentOf = (name: string, text: string): Record<string, string> => ({
  [name]: text.slice(text.indexOf(':') + 1, text.lastIndexOf(',"')),
  [`${name}_signature`]: text.slice(-130, -2),
})

async function fmspcOf(quote: Uint8Array): Promise<string | null> {
  try {
    const { pckChain } = parseQuote(quote).signature
    return (await parsePckChain(pckChain, [intelSgxRoot])).pck.fmspc.slice(2)
  } catch {
    return null
  }
}

const steps = (from: number, to: number, by: number): readonly number[] =>
  Array.from({ length: Math.ceil((to - from) / by) }, (_, i) => from + i * by)
