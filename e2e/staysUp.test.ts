import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { down, isRunning, layoutOf, processNames, runningPid } from '@allod/devnet'
import type { AgentCard } from '@allod/protocol'
import { connect, parseNetwork, parseOrderRecord, verifyEvidence, verifyReport } from '@allod/sdk'
import { devnetTrust } from '@allod/sdk/devnet'
import { readNetwork } from '@allod/sdk/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readDump } from './demo/chainLogs.ts'
import { countMoney } from './demo/countMoney.ts'
import type { Figures } from './demo/figuresOf.ts'
import { isGood } from './demo/isGood.ts'
import { processesOf } from './processesOf.ts'
import { runDemo } from './runDemo.ts'
import { tinyModelFolder } from './tinyModelFolder.ts'

/*
 * The demo as somebody plays it who has no bubblewrap and looks around afterwards: in a folder, plainly, then the README's
 * lines, then once more. A model of a few kilobytes is trained and served instead of the base model, so it knows nothing
 * afterwards; all else is as ever.
 */
const root = join(import.meta.dirname, '..')
const place = mkdtempSync(join(tmpdir(), 'allod-stays-'))
const layout = layoutOf(join(place, '.allod'))
const model = join(place, 'tiny')
/** A world in which no program is bubblewrap any more. */
const noBubblewrap = ['/usr/bin/bwrap', '/usr/local/bin/bwrap'].filter((path) => existsSync(path))
const unisolated = [
  ...['bwrap', '--die-with-parent', '--dev-bind', '/', '/'],
  ...noBubblewrap.flatMap((path) => ['--ro-bind', '/dev/null', path]),
]

beforeAll(() => {
  tinyModelFolder(model)
  // `npx allod` finds it as in a clone.
  symlinkSync(join(root, 'node_modules'), join(place, 'node_modules'))
})
afterAll(async () => {
  await down(layout.root)
  rmSync(place, { recursive: true, force: true })
})

const out = (name: string): string => join(place, name)
const play = (name: string, ...more: readonly string[]) =>
  runDemo(['--json', '--model', model, '--out', out(name), ...more], { cwd: place, by: unisolated })

/** What a run wrote: its figures, with the money counted again. */
function outcome(name: string, stdout: string) {
  const read = (file: string) => JSON.parse(readFileSync(join(out(name), file), 'utf8'))
  const figures = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as Figures
  const { addresses } = parseNetwork(read('network.json'))
  const orders = (read('orders.json') as readonly unknown[]).map((order) => parseOrderRecord(order).order)
  return { figures, orders, money: countMoney(readDump(read('chain-logs.json'), addresses), addresses.market, orders) }
}

/** Whether all is as the main job promises, but for what a model of a few kilobytes can know. */
function expectGood(name: string, stdout: string): void {
  const { figures, money } = outcome(name, stdout)
  expect(figures).toMatchObject({ ok: false, isolation: 'none', orders: 2, escrowLeft: '0' })
  const clever = { ...figures, tunedCorrect: figures.questions }
  expect([isGood(clever, money, true), isGood(clever, money, false)]).toEqual([true, false])
}

const card = (): AgentCard => JSON.parse(readFileSync(join(layout.root, 'agents/company.json'), 'utf8')) as AgentCard
const pids = () => processNames.map((name) => runningPid(layout.processes, name))
const running = () => processNames.filter((name) => isRunning(layout.processes, name))

/** What a keeper's evidence says of a sandbox, and the first report's verdict, for whom none is enough or not. */
async function judgedBy(isUnisolatedAllowed: boolean) {
  const { network } = await readNetwork(layout.description)
  const trust = devnetTrust({ ...network, trust: { ...network.trust, isUnisolatedAllowed } })
  const allod = connect(network, { trust })
  const response = await fetch(`${network.keepers[0]?.url}/evidence?nonce=0x${'11'.repeat(32)}`)
  const { proof } = await verifyEvidence(allod, await response.json())
  const report = JSON.parse(readFileSync(join(out('first'), 'report.json'), 'utf8'))
  const view = await allod.chain.final()
  return { keeper: proof.find((c) => c.name === 'isolation'), reported: () => verifyReport(report, { trust, view }) }
}

/** The README's lines to type after the demo. */
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const lines = [...readme.matchAll(/`(npx allod [^`]+)`/g)].map(([, line]) => String(line))

/** Types one of them in that folder. */
async function type(line: string, typed = '') {
  const [command = '', ...argv] = line.split(' ')
  // As from a terminal, and not from within `npm test`; what is not there is not fetched.
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD|ALLOD_)/i.test(name)))
  const env = { ...own, npm_config_offline: 'true', ALLOD_HOME: join(place, 'home') }
  const child = spawn(command, argv, { cwd: place, env, stdio: ['pipe', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (piece: Buffer) => {
    stdout += String(piece)
  })
  child.stderr.on('data', (piece: Buffer) => {
    stderr += String(piece)
  })
  child.stdin.end(typed)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

describe('a demo whose network stays up, on a machine without a sandbox', () => {
  test('is refused where that was not asked for, before anything is made', async () => {
    const { code, stdout, said } = await play('refused')
    expect([code, existsSync(layout.root)]).toEqual([1, false])
    expect(said).toContain('environments/no-sandbox')
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, orders: 0 })
  })

  test('goes through where it was, says so, and leaves the network up with an agent', async () => {
    const { stdout, said } = await play('first', '--allow-unisolated')
    expectGood('first', stdout)
    expect(said).toContain('WITHOUT ISOLATION')
    expect(
      said
        .trimEnd()
        .split('\n')
        .slice(-lines.length)
        .map((line) => line.trim()),
    ).toEqual(lines)
    expect(running()).toEqual([...processNames])
  })

  test('keepers’ evidence and report say so: both hold only for whom that is enough', async () => {
    const [strict, lenient] = [await judgedBy(false), await judgedBy(true)]
    expect(strict.keeper).toMatchObject({ result: 'fail', actual: 'none' })
    await expect(strict.reported()).rejects.toMatchObject({ code: 'sdk/report-refused', meta: { check: 'isolation' } })
    expect(lenient.keeper).toMatchObject({ result: 'pass', actual: 'none' })
    const { verdict, checks } = await lenient.reported()
    expect([verdict, checks.find((c) => c.name === 'isolation')?.actual]).toEqual(['valid-then', 'none'])
  })

  test('the README’s lines work against it', async () => {
    expect(lines.map((line) => line.split(' ')[2])).toEqual(['chat', 'offer', 'order', 'down'])
    const [chat = '', offers = '', last = ''] = lines
    const said = await type(chat, 'Who founded the company?\n')
    expect(said).toMatchObject({ code: 0, stdout: expect.stringMatching(/\S/) })
    const listed = await type(offers)
    expect(listed).toMatchObject({ code: 0, stdout: expect.stringContaining('demo-base') })
    const got = await type(last)
    expect(got).toMatchObject({ code: 0, stdout: expect.stringContaining(String(card().orders.at(-1)).slice(0, 10)) })
  })

  // A whole demo more, so on request.
  if (process.env.ALLOD_CHAOS_ALL === '1')
    test('once more on the network that stays up: the agent goes on, and its card’s history with it', async () => {
      const [before, earlier] = [pids(), card().orders]
      const { stdout } = await play('second', '--allow-unisolated')
      expectGood('second', stdout)
      expect(pids()).toEqual(before)
      const { orders } = card()
      expect(orders.slice(0, -1)).toEqual([...earlier, outcome('second', stdout).orders[1]])
      expect(await type(String(lines[0]), 'And now?\n')).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/\S/),
      })
    })

  test('the README’s last line takes it down, and everything with it', async () => {
    expect(await type(String(lines.at(-1)))).toMatchObject({ code: 0, stdout: 'the network is down\n' })
    expect([running(), processesOf(place)]).toEqual([[], []])
  })
})
