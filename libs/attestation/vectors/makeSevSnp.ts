// Writes sevsnp.json: SEV-SNP reports of our own test roots, a positive of each sort and a negative for each way to fail.
// Keys are fresh at each run, so each run writes another file: `node libs/attestation/vectors/makeSevSnp.ts`.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { blobs, cases, NOW } from '../sevsnp/testing/world.ts'
import '../sevsnp/testing/acceptedCases.ts'
import '../sevsnp/testing/reportCases.ts'
import '../sevsnp/testing/endorsementCases.ts'
import '../sevsnp/testing/appraisalCases.ts'

const roots = ['ark-milan', 'ark-genoa', 'ark-turin']
const used = new Set([...roots, ...cases.flatMap((c) => [c.evidence, ...c.endorsements])])
const base64 = (of: Uint8Array): string => Buffer.from(of).toString('base64')
const file = {
  kind: 'sevsnp',
  now: NOW,
  blobs: Object.fromEntries(Object.entries(blobs).flatMap(([name, of]) => (used.has(name) ? [[name, base64(of)]] : []))),
  roots,
  cases,
}
writeFileSync(join(import.meta.dirname, 'sevsnp.json'), `${JSON.stringify(file, null, 1)}\n`)
console.log(`${cases.length} cases, ${Object.keys(file.blobs).length} blobs`)
