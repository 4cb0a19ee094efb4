import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Envelope } from '@allod/protocol'
import { sampleReport, seal } from '@allod/sdk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCli } from '../../testing/runCli.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'allod-report-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const { predicate, enclave, envelope } = await sampleReport()
const verify = (report: Envelope, ...argv: readonly string[]) => {
  const file = join(folder, 'report.json')
  writeFileSync(file, JSON.stringify(report))
  const env = { ALLOD_HOME: folder, ALLOD_NETWORK: join(folder, 'none.json') }
  return runCli(['report', 'verify', file, '--offline', ...argv], { env })
}

test('says how to copy a result that one store held, and nothing of one that two held', async () => {
  const { manifestHash } = predicate.outputs[0] ?? {}
  const lonely = seal(enclave, { ...predicate, storage: predicate.storage.slice(0, 1) })
  const told = await verify(lonely)
  expect(told.code).toBe(0)
  expect(told.stderr).toContain(`one store held adapter when it was reported`)
  expect(told.stderr).toContain(`npx allod object replicate ${manifestHash}`)
  expect((await verify(lonely, '--json')).stderr).toBe('')
  expect((await verify(envelope)).stderr).toBe('')
})
