import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { down, layoutOf, up } from '@allod/devnet'
import type { Hex } from '@allod/protocol'
import { connect, orderMoney, settleOrder, verifyEvidence, verifyReport } from '@allod/sdk'
import { devnetTrust } from '@allod/sdk/devnet'
import { devnetWallet, readNetwork } from '@allod/sdk/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandLine } from './commandLine.ts'

const TEXT = 'the land is held by whoever holds the land'
const COUNTED = { total: 9, top: { the: 2, land: 2 } }

const folder = mkdtempSync(join(tmpdir(), 'allod-run-'))
const layout = layoutOf(folder)
const [text, result, report] = ['text', 'result', 'report.json'].map((name) => join(folder, name))

beforeAll(async () => {
  await up({ folder, windows: { report: 5n } })
  mkdirSync(text as string)
  writeFileSync(join(text as string, 'saying.txt'), TEXT)
})
afterAll(async () => {
  await down(folder)
  rmSync(folder, { recursive: true, force: true })
})

const allod = (as: string, ...argv: readonly (string | undefined)[]) =>
  commandLine(layout.description, as, argv.map(String)).ended

describe('any engine over private files, from the command line', () => {
  test('an engine of twenty lines is published and ordered, and the buyer takes the result out', async () => {
    const engine = ['publish', 'examples/word-count', '--job', 'run', '--per-order', '0.02', '--yes']
    expect(await allod('engine-author', ...engine)).toMatchObject({ code: 0 })
    const machine = ['publish', '--kind', 'compute', '--per-hour', '1.08', '--yes']
    expect(await allod('provider', ...machine)).toMatchObject({ code: 0 })
    const ran = await allod('developer', 'run', 'word-count', '--in', `text=${text}`, '--param', 'top=2', '--yes')
    expect(ran).toMatchObject({ code: 0, last: { step: 'reported' } })
    const steps = ran.lines.map((line) => (line as { readonly step?: string }).step)
    expect(steps).toEqual(expect.arrayContaining(['funded', 'launched', 'started', 'granted', 'running', 'sealed']))
    expect(steps).not.toContain('training')
    expect(await allod('developer', 'order', 'result', 'last', result)).toMatchObject({ code: 0 })
    expect(JSON.parse(readFileSync(join(String(result), 'words.json'), 'utf8'))).toEqual(COUNTED)
  })

  test('the keepers’ evidence says that they have a sandbox', async () => {
    const { network } = await readNetwork(layout.description)
    const response = await fetch(`${network.keepers[0]?.url}/evidence?nonce=0x${'11'.repeat(32)}`)
    const { proof } = await verifyEvidence(connect(network, { trust: devnetTrust(network) }), await response.json())
    const isolation = proof.find((c) => c.name === 'isolation')
    expect(isolation).toMatchObject({ result: 'pass', actual: 'a sandbox' })
  })

  test('the report holds, and says that there was a sandbox', async () => {
    await allod('developer', 'report', 'get', 'last', '--out', report)
    expect(await allod('auditor', 'report', 'verify', report)).toMatchObject({ code: 0 })
    const { network } = await readNetwork(layout.description)
    const trust = devnetTrust(network)
    const view = await connect(network, { trust }).chain.final()
    const { verdict, checks } = await verifyReport(JSON.parse(readFileSync(String(report), 'utf8')), { trust, view })
    expect(verdict).toBe('valid-then')
    expect(checks).toContainEqual(expect.objectContaining({ name: 'isolation', result: 'pass', actual: 'a sandbox' }))
  })

  test('everybody is paid, and the rest comes back', async () => {
    const local = await readNetwork(layout.description)
    const allodOf = connect(local.network, { trust: devnetTrust(local.network) })
    const { last: orders } = await allod('developer', 'order', 'list')
    const [{ order }] = orders as [{ readonly order: Hex }]
    await settleOrder(allodOf, await devnetWallet(local, 'developer'), order, { isEnding: true, maxSeconds: 120 })
    const { earnings, refunded, escrow } = await orderMoney(allodOf, order)
    expect(escrow).toBe(0n)
    expect(refunded).toBeGreaterThan(0n)
    expect(earnings.length).toBeGreaterThanOrEqual(3)
    for (const { claimed } of earnings) expect(claimed).toBeGreaterThan(0n)
  })
})
