import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Hex, lp, sha256, toHex, utf8 } from '@allod/protocol'
import { expect, test } from 'vitest'
import { runVectors, type VectorFile } from '../testing/runVectors.ts'
import { vectorVerifiers } from '../testing/vectorVerifiers.ts'

const file = JSON.parse(readFileSync(join(import.meta.dirname, '../vectors/sevsnp.json'), 'utf8')) as VectorFile
const masked = file.cases.filter((c) => c.name === 'a masked chip id')

async function outcomesWhere(machines: readonly Hex[] | null) {
  const cases = masked.map((c) => ({ ...c, policy: { ...c.policy, machines } }))
  return (await runVectors({ ...file, cases }, vectorVerifiers)).map(({ outcome }) => outcome)
}

test('a masked chip is none that a policy can name: whoever named it would mean every masked chip', async () => {
  const shared = toHex(sha256(utf8('allod/machine/v1'), lp(utf8('sevsnp')), new Uint8Array(64)))
  expect(await outcomesWhere(null)).toEqual(['accepted'])
  for (const id of [shared, toHex(new Uint8Array(32))])
    expect(await outcomesWhere([id])).toEqual(['attestation/machine-not-allowed'])
})
