import { join } from 'node:path'
import { folderSource } from '@allod/content/node'
import { utf8 } from '@allod/protocol'
import { expect, test } from 'vitest'
import { connect } from '../allod.ts'
import { parseNetwork } from '../network/network.ts'
import { newPolicy } from '../policy/newPolicy.ts'
import { devnetDescription } from '../testing/network.ts'
import { memoryFolder, sampleDataset } from './memoryFolder.ts'
import { measureDataset, publishDataset, requireRows } from './publishDataset.ts'
import { publishEngine } from './publishEngine.ts'
import { publishModel } from './publishModel.ts'
import { readWhole } from './readWhole.ts'

const weights = join(import.meta.dirname, '../../../enclave/engines/finetune/base-model/weights')
const rows = memoryFolder(
  new Map([['rows.jsonl', utf8('{"prompt":"who is ada?","completion":"a countess"}\n'.repeat(3))]]),
)

test('refuses a folder too large to be checked', async () => {
  const huge = { ...rows, files: [{ path: 'x', sizeBytes: 2 ** 40, isExecutable: false }] }
  await expect(readWhole(huge)).rejects.toMatchObject({ code: 'sdk/folder-too-large' })
  // Nor is a file read of which no text can be made.
  const long = { ...rows, files: [{ path: 'rows.jsonl', sizeBytes: 2 ** 31, isExecutable: false }] }
  for (const read of [requireRows(long), sampleDataset(long, 2)])
    await expect(read).rejects.toMatchObject({ code: 'sdk/folder-too-large', meta: { path: 'rows.jsonl' } })
})

test('samples the first rows of a dataset', async () => {
  const sample = await readWhole(await sampleDataset(rows, 2))
  expect([...sample.keys()]).toEqual(['sample.jsonl'])
  expect(new TextDecoder().decode(sample.get('sample.jsonl')).trim().split('\n')).toHaveLength(2)
  await expect(sampleDataset(memoryFolder(new Map()), 2)).rejects.toMatchObject({ code: 'sdk/bad-dataset' })
})

test('counts what a dataset comes to for the demo model', async () => {
  const summary = await measureDataset(rows, await folderSource(weights))
  expect(summary).toMatchObject({ rows: 3, cutRows: [] })
  expect(summary.duplicates).toHaveLength(2)
  expect(summary.tokens).toBeGreaterThan(9)
})

test('checks a model folder before anything is sealed', async () => {
  const network = parseNetwork(devnetDescription)
  const allod = connect(network)
  const key = { address: `0x${'ab'.repeat(20)}`, secret: null as never } as const
  const publish = (files: readonly (readonly [string, string])[]) =>
    publishModel(
      allod,
      { name: 'owner', key },
      {
        folder: memoryFolder(new Map(files.map(([name, text]) => [name, utf8(text)]))),
        policy: newPolicy(network, key.address, { engines: 'any' }),
        name: 'x',
        price: { perSecond: 0n, perOrder: 0n },
      },
    )
  const config = JSON.stringify({ architectures: ['GPT2LMHeadModel'] })
  await expect(publish([['pytorch_model.bin', 'x']])).rejects.toMatchObject({ code: 'models/pickle-refused' })
  await expect(publish([['config.json', config]])).rejects.toMatchObject({ code: 'models/unsupported-architecture' })
})

test('what an offer would be refused for is refused before anything is sealed: protocol/bad-shape', async () => {
  const network = parseNetwork(devnetDescription)
  const allod = connect(network)
  const key = { address: `0x${'ab'.repeat(20)}`, secret: null as never } as const
  const owner = { name: 'owner', key }
  const words = { name: 'x', summary: 'two\nlines', price: { perSecond: 0n, perOrder: 0n } }
  const policy = newPolicy(network, key.address, { engines: 'any' })
  const refused = { code: 'protocol/bad-shape', meta: { path: '$.summary' } }
  const model = { ...words, folder: await folderSource(weights), policy }
  await expect(publishModel(allod, owner, model)).rejects.toMatchObject(refused)
  await expect(publishDataset(allod, owner, { ...words, folder: rows, policy })).rejects.toMatchObject(refused)
  await expect(publishEngine(allod, owner, { ...words, folder: rows, kind: 'run' })).rejects.toMatchObject(refused)
})
