import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ggufAdapterFromPeft, ggufFromFolder, parseModelConfig } from '@allod/models'
import { isAllodError } from '@allod/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tinyAdapter, tinyModel } from '../testing/tinyModel.ts'
import { openModel } from './openModel.ts'

const folder = mkdtempSync(join(tmpdir(), 'serve-model-'))
const base = join(folder, 'base.gguf')
const adapter = join(folder, 'adapter.gguf')
const options = { contextTokens: 256, sequences: 1, batchTokens: 64, threads: 1, embeddings: false, endTokens: [] }

beforeAll(() => {
  const model = tinyModel()
  writeFileSync(base, Buffer.concat([...ggufFromFolder(model)]))
  const config = parseModelConfig(model.get('config.json') ?? new Uint8Array())
  writeFileSync(adapter, ggufAdapterFromPeft(tinyAdapter(), config))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const isCode = (code: string) => (cause: unknown) => isAllodError(cause, code)

test('an adapter adds the name tuned beside base', async () => {
  const plain = await openModel({ base, adapter: null }, options)
  expect([...plain.lanes.keys()]).toEqual(['base'])
  await plain.close()
  const both = await openModel({ base, adapter }, options)
  expect([...both.lanes.keys()]).toEqual(['base', 'tuned'])
  await both.close()
})

test('refuses a file that is no model with serve/model-load', async () => {
  const broken = join(folder, 'broken.gguf')
  writeFileSync(broken, Buffer.concat([...ggufFromFolder(tinyModel())]).subarray(0, 5000))
  await expect(openModel({ base: broken, adapter: null }, options)).rejects.toSatisfy(isCode('serve/model-load'))
})

test('refuses an adapter of another model with serve/adapter-load', async () => {
  const foreign = join(folder, 'foreign.gguf')
  const shape = { hidden: 32, layers: 1, heads: 2, kvHeads: 1, feedForward: 64, positions: 64 }
  const config = parseModelConfig(tinyModel(1, shape).get('config.json') ?? new Uint8Array())
  writeFileSync(foreign, ggufAdapterFromPeft(tinyAdapter(1, shape), config))
  await expect(openModel({ base, adapter: foreign }, options)).rejects.toSatisfy(isCode('serve/adapter-load'))
})
