// Writes nvidia.json: evidence of GPUs and switches of our own test roots, a positive of each sort and a negative for each way to
// fail. Keys are fresh at each run, so each run writes another file: `node libs/attestation/vectors/makeNvidia.ts`.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addAccepted } from './nvidiaAcceptedCases.ts'
import { addBrought, addChains, addRevocation } from './nvidiaEndorsementCases.ts'
import { addLayouts, addOpaque, addSignatures } from './nvidiaEvidenceCases.ts'
import { addAppraisals, addReferences } from './nvidiaReferenceCases.ts'
import { blobs, cases, NOW } from './nvidiaWorld.ts'

await addAccepted()
await addLayouts()
await addOpaque()
await addChains()
await addSignatures()
await addBrought()
await addRevocation()
await addReferences()
await addAppraisals()

const base64 = (of: Uint8Array): string => Buffer.from(of).toString('base64')
const roots = ['device root', 'manifest root']
const used = new Set([...roots, ...cases.flatMap((c) => [c.evidence, ...c.endorsements])])
const file = {
  kind: 'nvidia-gpu',
  now: NOW,
  blobs: Object.fromEntries(Object.entries(blobs).flatMap(([name, of]) => (used.has(name) ? [[name, base64(of)]] : []))),
  roots,
  cases,
}
writeFileSync(join(import.meta.dirname, 'nvidia.json'), `${JSON.stringify(file, null, 1)}\n`)
console.log(`${cases.length} cases, ${Object.keys(file.blobs).length} blobs`)

