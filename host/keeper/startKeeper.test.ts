import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { evidenceShape, verify } from '@allod/attestation'
import { simulatedMeasurement, simulatedVerifiers } from '@allod/attestation/simulated'
import { chipInfo, planRootfs, probeSandbox, stageRootfs } from '@allod/environments'
import {
  challengeShape,
  decisionHash,
  type Hex,
  keeperId,
  reportData,
  type SignedDecision,
  toHex,
} from '@allod/protocol'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type KeeperOptions, type RunningKeeper, startKeeper } from './startKeeper.ts'

const probe = await probeSandbox()
const isolation = probe.isUsable ? 'bubblewrap' : 'none'
const root = join(import.meta.dirname, '../..')
const main = join(import.meta.dirname, 'main.ts')

// Programs start and stop here, on machines that may be busy with other tests.
vi.setConfig({ testTimeout: 60_000 })

let folder: string
let chip: ChildProcess
let socket: string
let staged: { readonly dir: string; readonly build: Hex }
let configFile: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'allod-k-'))
  socket = join(folder, 'chip.sock')
  chip = spawn(process.execPath, [
    join(root, 'devnet/chip/main.ts'),
    '--data',
    join(folder, 'chip'),
    '--socket',
    socket,
  ])
  await readyLine(chip)
  const bundled = await build({
    entryPoints: [join(root, 'enclave/keeper/main.devnet.ts')],
    ...{ bundle: true, write: false, platform: 'node', format: 'esm', target: 'node24', logLevel: 'error' },
  } as const)
  const script = bundled.outputFiles[0]?.contents ?? new Uint8Array()
  const rootfs = join(folder, 'rootfs')
  mkdirSync(rootfs)
  const programs = probe.isUsable ? probe.programs : { bwrap: process.execPath, prlimit: process.execPath }
  const planned = planRootfs([{ path: 'app/main.mjs', from: script, layer: 'ours' }], programs)
  stageRootfs(planned, rootfs)
  staged = { dir: rootfs, build: planned.build }
  configFile = join(folder, 'config.json')
  writeFileSync(configFile, JSON.stringify(await newConfig()))
})
afterAll(async () => {
  chip.kill()
  await new Promise((resolve) => chip.once('close', resolve))
  rmSync(folder, { recursive: true, force: true })
})

async function newConfig() {
  const address = (byte: string) => `0x${byte.repeat(20)}`
  const url = 'http://127.0.0.1:1/'
  return {
    version: 1,
    chainId: '31337',
    addresses: { market: address('a1'), assets: address('a2'), registry: address('a3'), trust: address('a4') },
    fromBlock: 0,
    rpcs: ['rpc-a', 'rpc-b'].map((name) => ({ name, url })),
    finality: { kind: 'finalized' },
    simulatedRoot: (await chipInfo(socket)).root,
    isUnisolatedAllowed: isolation === 'none',
    seat: { account: address('51'), payee: address('52') },
    build: staged.build,
    clock: { maxSkewSeconds: 30, maxHeadAgeSeconds: 600 },
    challengeSeconds: 120,
    grantWithinSeconds: 600,
    evidenceEverySeconds: 3600,
  }
}

async function readyLine(child: ChildProcess): Promise<Record<string, unknown>> {
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) return JSON.parse(line)
  throw new Error('it ended before it was ready')
}

const options = (name: string): KeeperOptions =>
  ({
    ...{ data: join(folder, name), chip: socket, rootfs: staged.dir, configFile, port: 0, isolation },
    rpcs: { 'rpc-a': 'http://127.0.0.1:1', 'rpc-b': 'http://127.0.0.1:1' },
  }) as const

const at = ({ port }: Pick<RunningKeeper, 'port'>, path: string) => `http://127.0.0.1:${port}${path}`
const entriesOf = (name: string): readonly SignedDecision[] =>
  readFileSync(join(folder, name, 'decisions.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SignedDecision)

const childrenOf = (pid: number): readonly number[] => {
  const text = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
  const pairs = text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  return pairs.flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []))
}

test('a keeper in its own environment proves its keys, and keeps them when it is killed', async () => {
  const keeper = await startKeeper(options('k1'))
  try {
    const nonce = `0x${'11'.repeat(32)}`
    const bundle = evidenceShape(await (await fetch(at(keeper, `/evidence?nonce=${nonce}`))).json())
    const now = Math.floor(Date.now() / 1000)
    const { root: trusted } = await chipInfo(socket)
    const { cpu } = await verify(bundle, { verifiers: simulatedVerifiers([trusted]), now })
    expect(cpu).toMatchObject({
      measurement: simulatedMeasurement(staged.build),
      reportData: toHex(reportData(bundle.bound)),
      isIsolated: isolation === 'bubblewrap',
    })
    const { hpkeKey, signingAddress } = bundle.bound
    const id = keeperId({ hpkeKey, address: signingAddress })
    expect(keeper.status.keeper).toBe(id)
    expect(challengeShape(await (await fetch(at(keeper, '/challenge'), { method: 'POST' })).json()).keeper).toBe(id)

    for (const pid of childrenOf(chip.pid ?? 0)) process.kill(pid, 'SIGKILL')
    const again = await untilAnswered(() => fetch(at(keeper, '/challenge'), { method: 'POST' }))
    expect(challengeShape(again).keeper).toBe(id)
    const entries = entriesOf('k1')
    expect(entries.map((e) => [e.decision.kind, e.decision.seq, e.decision.keeper])).toEqual([
      ['boot', 0, id],
      ['boot', 0, id],
    ])
    expect(new Set(entries.map((e) => e.decision.boot)).size).toBe(2)
    const [first, second] = entries.map((e) => e.decision)
    expect(first?.previous).toBe(`0x${'00'.repeat(32)}`)
    expect(second?.previous).toBe(first && decisionHash(first))
  } finally {
    await keeper.stop()
  }
  expect(childrenOf(chip.pid ?? 0)).toEqual([])
})

/** Asks until there is an answer; the supervisor needs a moment, and the test's own time limit bounds it. */
async function untilAnswered(ask: () => Promise<Response>): Promise<unknown> {
  for (;;) {
    try {
      return await (await ask()).json()
    } catch {
      await delay(50)
    }
  }
}

test('a guest that cannot use its configuration says why', async () => {
  const broken = join(folder, 'broken.json')
  writeFileSync(broken, '{}')
  await expect(startKeeper({ ...options('k2'), configFile: broken })).rejects.toMatchObject({
    code: 'environments/launch-failed',
    meta: { exit: { tail: expect.stringContaining('keeper/bad-config') } },
  })
})

test('a keeper whose log cannot be kept does not serve: keeper-host/not-ready', async () => {
  mkdirSync(join(folder, 'k4'))
  symlinkSync('/dev/full', join(folder, 'k4/decisions.ndjson'))
  await expect(startKeeper(options('k4'))).rejects.toMatchObject({
    code: 'keeper-host/not-ready',
    meta: { exit: { tail: expect.stringContaining('keeper/log-unavailable') } },
  })
})

test('the program prints one ready line, and ends cleanly when told to', async () => {
  const args = ['--data', join(folder, 'k3'), '--chip', socket, '--rootfs', staged.dir, '--config', configFile]
  const rpcs = ['--rpc', 'rpc-a=http://127.0.0.1:1', '--rpc', 'rpc-b=http://127.0.0.1:1']
  const child = spawn(process.execPath, [main, ...args, ...rpcs, ...(isolation === 'none' ? ['--unisolated'] : [])])
  const exit = new Promise((resolve) => child.once('exit', resolve))
  expect(await readyLine(child)).toMatchObject({ ready: true, port: expect.any(Number), build: staged.build })
  child.kill('SIGTERM')
  expect(await exit).toBe(0)
})
