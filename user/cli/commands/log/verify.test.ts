import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decisionHash, newCommittee } from '@allod/protocol'
import { devnetDescription, logKeeper, logText } from '@allod/sdk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCli } from '../../testing/runCli.ts'

let folder = ''
const inFolder = (name: string): string => join(folder, name)
const keeper = logKeeper()
const first = keeper.boot(1, 3)
const [, middle, last] = first.map((e) => decisionHash(e.decision))

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'allod-log-'))
  const [, ...others] = devnetDescription.keepers
  const keepers = [{ url: 'http://127.0.0.1:711', keys: keeper.keys }, ...others]
  const committee = newCommittee(
    2,
    keepers.map((k) => k.keys),
  )
  writeFileSync(inFolder('network.json'), JSON.stringify({ ...devnetDescription, keepers, committee }))
  writeFileSync(inFolder('whole'), logText([...first, ...keeper.boot(2, 2, last)]))
  writeFileSync(inFolder('older'), logText([...first.slice(0, 2), ...keeper.boot(3, 1, middle)]))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = (...argv: readonly string[]) =>
  runCli(['log', 'verify', ...argv], { env: { ALLOD_HOME: folder, ALLOD_NETWORK: inFolder('network.json') } })

test('accepts a log whose boots are linked, and says where it ends', async () => {
  const { code, stdout } = await run(inFolder('whole'))
  expect(stdout).toContain('every entry is signed, numbered and linked')
  expect(code).toBe(0)
  const { stdout: json } = await run(inFolder('whole'), '--json')
  expect(JSON.parse(json)).toMatchObject({ keepers: [{ keeper: keeper.keeper, boots: 2, entries: 5 }], faults: [] })
})

test('shows a fork that two copies give away, with an exit code of its own', async () => {
  expect((await run(inFolder('older'))).code).toBe(0)
  const { code, stdout, stderr } = await run(inFolder('whole'), inFolder('older'))
  expect([code, stdout.includes('✗ log/forked'), stderr.includes('(log/forked)')]).toEqual([5, true, true])
  const json = await run(inFolder('whole'), inFolder('older'), '--json')
  expect(json.code).toBe(5)
  expect(JSON.parse(json.stdout)).toMatchObject({ faults: [{ code: 'log/forked', meta: { expected: middle } }] })
})

test('was called wrongly without a file, and with one that is not there', async () => {
  expect((await run()).code).toBe(2)
  expect((await run(inFolder('gone'))).stderr).toContain('cli/bad-usage')
})
