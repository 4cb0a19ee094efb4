import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasRecordings, recordings as ofSevSnp, recorded } from './sevsnp/testing/recordings.ts'
import { withIntermediate } from './sevsnp/withIntermediate.ts'
import { at } from './tdx/testing/recorded.ts'
import { recordings as ofTdx } from './tdx/testing/recordings.ts'
import { runIn } from './testing/browserEntry.ts'
import { chromiumPath, openChromium } from './testing/openChromium.ts'
import type { VectorFile, VectorOutcome } from './testing/runVectors.ts'

if (chromiumPath === null) console.info('skipped: no Chromium here; install one, or name it in $CHROMIUM')

const folder = join(import.meta.dirname, 'vectors')
const hermetic = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => [name, () => JSON.parse(readFileSync(join(folder, name), 'utf8')) as VectorFile] as const)

type Genuine = { readonly evidence: Uint8Array; readonly endorsements: readonly Uint8Array[]; readonly now: number }

// Whatever the verdict is under the default policy: here it matters that both say the same.
function genuine(kind: string, recordings: readonly Genuine[]): VectorFile {
  const blobs: Record<string, string> = {}
  const named = (bytes: Uint8Array): string => {
    const name = String(Object.keys(blobs).length)
    blobs[name] = Buffer.from(bytes).toString('base64')
    return name
  }
  const cases = recordings.map(({ evidence, endorsements, now }, i) => ({
    name: String(i),
    evidence: named(evidence),
    endorsements: endorsements.map(named),
    now,
    expect: '',
  }))
  return { kind, now: 0, blobs, roots: [], cases }
}

const recordedFiles: readonly (readonly [string, () => VectorFile])[] = [
  [
    'genuine SEV-SNP',
    () =>
      genuine(
        'sevsnp',
        ofSevSnp.map(({ report, endorsements, now }) => ({
          evidence: report(),
          endorsements: withIntermediate(endorsements.map(recorded)),
          now,
        })),
      ),
  ],
  [
    'genuine TDX',
    () =>
      genuine(
        'tdx',
        ofTdx.map(({ quote, endorsements, now }) => ({
          evidence: quote(),
          endorsements: endorsements(),
          ...at(now),
        })),
      ),
  ],
  ['genuine NVIDIA GPUs', () => genuine('nvidia-gpu', [...gpus.flatMap(devicesOf), withManifests()])],
  ['genuine NVSwitches', () => genuine('nvidia-switch', switches.flatMap(devicesOf))],
]

const nvidia = (name: string): Buffer => readFileSync(join(import.meta.dirname, NVIDIA, name))
const NVIDIA = '../../../shared/vectors/attestation/nvidia'
const SERIALIZED = 'attestation-sdk/common/serialized_test_evidence'
const gpus = [
  `${SERIALIZED}/hopper_evidence.json`,
  `${SERIALIZED}/multi_gpu_hopper.json`,
  'nvtrust/ppcie_gpu_evidence.json',
]
const switches = [`${SERIALIZED}/multi_switch_ls10.json`, 'nvtrust/ppcie_switch_evidence.json']

function devicesOf(name: string): readonly Genuine[] {
  const devices = JSON.parse(nvidia(name).toString()) as readonly { certificate: string; evidence: string }[]
  return devices.map(({ certificate, evidence }) => ({
    evidence: Buffer.from(evidence, 'base64'),
    endorsements: [Buffer.from(certificate, 'base64')],
    now: Date.UTC(2026, 10, 25) / 1000,
  }))
}

// A report whose driver and VBIOS have their manifests among the recordings.
function withManifests(): Genuine {
  const manifests = ['Driver_RIM_test_no_gpu', '1010_0200_882_96005E0001_test_no_gpu']
  const report = nvidia('go-nvtrust/attestationReport.txt').toString().replace(/\s/g, '')
  return {
    evidence: Buffer.from(report, 'hex'),
    endorsements: [
      nvidia('go-nvtrust/gpuAkCertChain.txt'),
      ...manifests.map((name) => nvidia(`nvtrust/${name}.swidtag`)),
    ],
    now: Date.UTC(2024, 5, 1) / 1000,
  }
}

describe.skipIf(chromiumPath === null)('in headless Chromium', () => {
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    const { outputFiles } = await build({
      entryPoints: [join(import.meta.dirname, 'testing/browserEntry.ts')],
      ...{ bundle: true, write: false, format: 'iife', globalName: 'allod', platform: 'browser', target: 'es2022' },
    })
    browser = await openChromium(chromiumPath ?? '')
    page = await browser.newPage()
    // WebCrypto is for secure origins only; nothing goes over a network, for the route answers itself.
    await page.route('**/*', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }))
    await page.goto('https://allod.test/')
    await page.addScriptTag({ content: outputFiles?.[0]?.text ?? '' })
  })

  afterAll(async () => {
    await browser?.close()
  })

  const inBrowser = (file: VectorFile): Promise<readonly VectorOutcome[]> =>
    page.evaluate((given) => (globalThis as unknown as { allod: { runIn: typeof runIn } }).allod.runIn(given), file)

  test.each(hermetic)('%s: every case gets its verdict', async (_, read) => {
    const file = read()
    const outcomes = await inBrowser(file)
    expect(outcomes.filter(({ expect, outcome }) => outcome !== expect)).toEqual([])
    expect(outcomes.length).toBe(file.cases.length)
  })

  test.skipIf(!hasRecordings).each(recordedFiles)('%s: the same verdicts as in Node', async (_, make) => {
    const file = make()
    const outcomes = await inBrowser(file)
    expect(outcomes).toEqual(await runIn(file))
    expect(outcomes.length).toBe(file.cases.length)
    expect(outcomes.filter(({ outcome }) => outcome.startsWith('untyped'))).toEqual([])
    // Recordings hold no revocation data of AMD or NVIDIA, so this is how good ones end under the default policy.
    expect(outcomes.some(({ outcome }) => outcome === 'accepted' || outcome.endsWith('/revocation-unknown'))).toBe(true)
  })
})
