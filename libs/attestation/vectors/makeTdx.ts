// Writes tdx.json: TDX quotes of our own test roots, a positive of each sort and a negative for each way to fail.
// Keys are fresh at each run, so each run writes another file: `node libs/attestation/vectors/makeTdx.ts`.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import './tdxAcceptedCases.ts'
import './tdxQuoteCases.ts'
import './tdxCollateralCases.ts'
import './tdxAppraisalCases.ts'
import { blobs, cases, NOW } from './tdxWorld.ts'

const base64 = (of: Uint8Array): string => Buffer.from(of).toString('base64')
const used = new Set(['root', ...cases.flatMap((c) => [c.evidence, ...c.endorsements])])
const file = {
  kind: 'tdx',
  now: NOW,
  blobs: Object.fromEntries(
    Object.entries(blobs).flatMap(([name, of]) => (used.has(name) ? [[name, base64(of)]] : [])),
  ),
  roots: ['root'],
  cases,
}
writeFileSync(join(import.meta.dirname, 'tdx.json'), `${JSON.stringify(file, null, 1)}\n`)
console.log(`${cases.length} cases, ${Object.keys(file.blobs).length} blobs`)
