import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  appraise,
  bind,
  type EvidenceBundle,
  encodeEvidence,
  parseEvidence,
  strictHardware,
  verify,
} from '@allod/attestation'
import { appraiseSimulated, simulatedMeasurements, simulatedVerifiers } from '@allod/attestation/simulated'
import {
  type ChipInfo,
  chipInfo,
  chipMisbehave,
  type Misbehaviour,
  probeSandbox,
  processEnvironment,
  unisolatedEnvironment,
} from '@allod/environments'
import type { BoundFacts, Hex } from '@allod/protocol'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startChip } from './startChip.ts'
import { evidenceOf, type Guest, guestLimits, openGuest } from './testing/openGuest.ts'
import { type ChipProcess, endChip, newDataDir, removeDataDir, runChip, users } from './testing/runChip.ts'
import { type StagedGuest, stageGuest, withMain } from './testing/stageGuest.ts'

// Every launch hashes a hundred megabytes.
vi.setConfig({ testTimeout: 90_000 })
const probe = await probeSandbox()
if (!probe.isUsable) console.warn(`no sandbox here (${probe.reason}), so its tests are left out: ${probe.fix}`)

const folders: string[] = []
let staged: StagedGuest
beforeAll(async () => {
  staged = await stageGuest()
  folders.push(staged.dir)
})
afterAll(() => {
  for (const folder of folders) removeDataDir(folder)
})

const bytes = (fill: string, size: number): Hex => `0x${fill.repeat(size)}`
const nonce = { id: bytes('11', 32), nonce: bytes('22', 32) }
const factsOf = (build: Hex): Omit<BoundFacts, 'devicesHash'> => ({
  role: 'grant',
  nonces: [nonce],
  hpkeKey: bytes('33', 1216),
  signingAddress: bytes('44', 20),
  tlsSpkiHash: null,
  buildDigest: build,
  specHash: bytes('55', 32),
  chainId: '31337',
  market: bytes('66', 20),
  order: bytes('77', 32),
  generation: 1,
})

/** Names of the checks that refuse; none where the evidence is accepted. */
async function refusals(bundle: EvidenceBundle, info: ChipInfo, isUnisolatedAllowed = false): Promise<string[]> {
  const parsed = parseEvidence(encodeEvidence(bundle))
  const now = Math.floor(Date.now() / 1000)
  const verified = await verify(parsed, { verifiers: simulatedVerifiers([info.root]), now })
  const bound = await bind(verified, parsed.bound, {
    nonce,
    nonceValidUntil: now + 60,
    expected: { role: 'grant', order: bytes('77', 32), specHash: bytes('55', 32) },
  })
  const common = {
    minimumTcb: 7,
    gpus: 1,
    minimumGpuFirmware: 3,
    machines: [info.machine],
    builds: [staged.build],
    measurements: simulatedMeasurements([staged.build]),
    configs: 'any',
  } as const
  expect(appraise(bound, { ...common, ...strictHardware }).isAccepted).toBe(false)
  const { checks } = appraiseSimulated(bound, { ...common, trust: 'simulated', root: info.root, isUnisolatedAllowed })
  return checks.filter((c) => c.result !== 'pass').map((c) => c.name)
}

describe.skipIf(!probe.isUsable).each(users)('a chip run $title', (user) => {
  let chip: ChipProcess
  let guest: Guest
  const environment = () => processEnvironment({ chip: chip.socket })
  beforeAll(async () => {
    const data = newDataDir(user)
    folders.push(data)
    chip = await runChip(user, data)
    const limits = { ...guestLimits, memoryBytes: 1 << 30 }
    guest = await openGuest(environment(), staged.dir, { limits, config: '{"hello":1}' })
  })
  afterAll(() => endChip(chip))

  test('gives evidence that verifies, binds and appraises', async () => {
    expect(guest.build).toBe(staged.build)
    expect(await refusals(await evidenceOf(guest, factsOf(staged.build)), chip.info)).toEqual([])
  })

  test('measures the launch configuration and shows it to the guest', async () => {
    const { config } = await guest.ask({ do: 'look' })
    expect(config).toBe('{"hello":1}')
    const other = await openGuest(environment(), staged.dir, { config: '{"hello":2}' })
    const hashes = []
    for (const one of [guest, other]) {
      const bundle = await evidenceOf(one, factsOf(staged.build))
      const { cpu } = await verify(bundle, {
        verifiers: simulatedVerifiers([chip.info.root]),
        now: Math.floor(Date.now() / 1000),
      })
      hashes.push(cpu.configHash)
    }
    other.kill()
    expect(new Set(hashes).size).toBe(2)
  })

  test('passes no variable of the host, not even through its own process', async () => {
    const { env, firstEnviron, argv, execArgv } = await guest.ask({ do: 'look' })
    expect(env).toEqual({ PWD: '/' })
    expect(firstEnviron).toBe('')
    expect([argv, execArgv]).toEqual([['/bin/node', '/app/main.mjs'], []])
  })

  test('shows the guest its own processes only, and gives it no privilege', async () => {
    const { pids, status, limits, root } = await guest.ask({ do: 'look' })
    expect(pids).toEqual(['1', '2'])
    expect(status).toMatch(/^CapEff:\t0+$/m)
    expect(status).toMatch(/^CapBnd:\t0+$/m)
    expect(status).toMatch(/^NoNewPrivs:\t1$/m)
    expect(status).toMatch(/^Seccomp:\t2$/m)
    expect(status).not.toMatch(/^Uid:\t0\t/m)
    expect(limits).toMatch(/^Max core file size\s+0\s+0/m)
    expect(root.filter((name: string) => ['home', 'root', 'etc', 'usr', 'var', 'sys'].includes(name))).toEqual([])
  })

  test('gives it no network', async () => {
    expect(await guest.ask({ do: 'network', family: 4 })).toBe('EAFNOSUPPORT')
    expect(await guest.ask({ do: 'network', family: 6 })).toBe('EAFNOSUPPORT')
  })

  test('lets it write in memory only', async () => {
    for (const path of ['/x', '/app/x', '/bin/node', '/run/x', '/config.json', '/dev/x', '/dev/shm/x'])
      await expect(guest.ask({ do: 'write', path }), path).rejects.toMatchObject({
        code: expect.stringMatching(/EROFS|EACCES/),
      })
    for (const path of ['/tmp/x', '/work/x', '/out/x']) await guest.ask({ do: 'write', path })
  })

  const lies: readonly [Misbehaviour, string[]][] = [
    ['debug', ['debug']],
    ['old-tcb', ['tcb']],
    ['other-bundle', ['measurement', 'build']],
    ['spliced-gpu', ['device-0-nonce']],
  ]
  test.each(lies)('is refused when it lies: %s', async (flag, names) => {
    await chipMisbehave(chip.socket, [flag])
    const bundle = await evidenceOf(guest, factsOf(staged.build))
    await chipMisbehave(chip.socket, [])
    expect(await refusals(bundle, chip.info)).toEqual(names)
  })

  test('one byte more in the bundle is another measurement, and refused', async () => {
    const dir = withMain(staged, `${readFileSync(join(staged.dir, 'app/main.mjs'), 'utf8')}\n`)
    folders.push(dir)
    const other = await openGuest(environment(), dir)
    expect(other.measurement).not.toBe(guest.measurement)
    const bundle = await evidenceOf(other, factsOf(staged.build))
    other.kill()
    expect(await refusals(bundle, chip.info)).toEqual(['measurement', 'build'])
  })

  test('evidence of one nonce, order or build says nothing about another', async () => {
    const bundle = await evidenceOf(guest, factsOf(staged.build))
    const moved = { ...bundle, bound: { ...bundle.bound, order: bytes('78', 32) } }
    expect(await refusals(moved, chip.info)).toEqual(['report-data', 'order'])
    const asked = { ...factsOf(staged.build), nonces: [{ ...nonce, nonce: bytes('23', 32) }] }
    expect(await refusals(await evidenceOf(guest, asked), chip.info)).toEqual(['nonce'])
    expect(await refusals(await evidenceOf(guest, factsOf(staged.build), false), chip.info)).toEqual(['gpu-count'])
  })

  test('bounds a fork bomb', async () => {
    const forking = await openGuest(environment(), staged.dir, { limits: { ...guestLimits, processes: 120 } })
    const { started, code } = await forking.ask({ do: 'fork' })
    forking.kill()
    expect(code).toBe('EAGAIN')
    expect(started).toBeLessThan(120)
  })

  test('ends a guest that takes too much memory or time, or that ends itself, and says why', async () => {
    const hungry = await openGuest(environment(), staged.dir)
    hungry.tell({ do: 'eat' })
    const quitting = await openGuest(environment(), staged.dir)
    quitting.tell({ do: 'exit', code: 7 })
    const idle = withMain(staged, 'setInterval(() => {}, 1000)')
    folders.push(idle)
    const slow = openGuest(environment(), idle, { limits: { ...guestLimits, wallMs: 300 } })
    await expect(slow).rejects.toMatchObject({ meta: { exit: { reason: 'time-limit' } } })
    expect(await quitting.exit).toMatchObject({ reason: 'exit', code: 7 })
    expect(await hungry.exit).toMatchObject({ reason: 'memory-limit' })
  })

  test('runs an engine in a sandbox inside the sandbox', async () => {
    const source = `
      import fs from 'node:fs'
      import net from 'node:net'
      const [input, output] = process.argv.slice(2)
      const attempt = (run) => { try { run(); return 'done' } catch (e) { return e.code } }
      const seen = {
        env: process.env, first: fs.readFileSync('/proc/1/environ', 'utf8'), root: fs.readdirSync('/'),
        pids: fs.readdirSync('/proc').filter((n) => /^[0-9]+$/.test(n)), given: fs.readFileSync(input + '/a', 'utf8'),
        writes: ['/in/a', '/engine/x', '/x', '/bin/x'].map((p) => attempt(() => fs.writeFileSync(p, ''))),
      }
      net.connect(443, '1.1.1.1').on('error', (e) => {
        fs.writeFileSync(output + '/seen.json', JSON.stringify({ ...seen, network: e.code }))
      })`
    const limits = { memoryBytes: 256 << 20, wallMs: 20_000, outputBytes: 1 << 20, processes: 300 }
    const { exit, outputs } = await guest.ask({ do: 'engine', isServe: false, limits, files: { a: 'given' }, source })
    expect(exit).toMatchObject({ reason: 'ok' })
    const seen = JSON.parse(outputs['seen.json'])
    expect(seen).toMatchObject({ first: '', pids: ['1', '2'], given: 'given', network: 'EAFNOSUPPORT' })
    expect(seen.env).toEqual({ HOME: '/tmp', PWD: '/' })
    expect(seen.root.sort()).toEqual(['bin', 'dev', 'engine', 'in', 'lib', 'lib64', 'out', 'proc', 'tmp'])
    expect(seen.writes).toEqual(['EROFS', 'EROFS', expect.any(String), expect.any(String)])
  })

  test('contains an engine that eats, waits, forks or writes without end', async () => {
    const limits = { memoryBytes: 150 << 20, wallMs: 20_000, outputBytes: 1 << 20, processes: 200 }
    const run = (source: string, change = {}) =>
      guest.ask({ do: 'engine', isServe: false, limits: { ...limits, ...change }, files: {}, source })
    const imports = `import fs from 'node:fs'\nimport { spawn } from 'node:child_process'\n`
    const eats = await run('const k = []; setInterval(() => k.push(Buffer.alloc(8 << 20, 1)), 5)')
    expect(eats.exit).toMatchObject({ reason: 'memory-limit' })
    const waits = await run('setInterval(() => {}, 1000)', { wallMs: 500 })
    expect(waits.exit).toMatchObject({ reason: 'time-limit' })
    const source = `${imports}
      for (let i = 0; i < 100; i++) {
        const child = spawn('/bin/node', ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
        if (child.pid === undefined) child.on('error', (e) => (fs.writeFileSync('/out/code', e.code), process.exit(0)))
        if (child.pid === undefined) break
      }`
    const forks = await run(source, { processes: 60, memoryBytes: 900 << 20 })
    expect(forks.outputs.code).toBe('EAGAIN')
    // Last, because it fills what the guest has.
    const writes = await run(
      `${imports}for (let i = 0; ; i++) fs.appendFileSync('/out/f' + (i % 4), 'x'.repeat(50000))`,
    )
    expect(writes.exit).toMatchObject({ reason: 'output-limit' })
  })

  test('without a sandbox, evidence says so and is refused unless that was allowed', async () => {
    const plain = await openGuest(unisolatedEnvironment({ chip: chip.socket }), staged.dir)
    const bundle = await evidenceOf(plain, factsOf(staged.build))
    const source = `import fs from 'node:fs'; fs.writeFileSync(process.argv[3] + '/in', fs.readFileSync(process.argv[2] + '/a'))`
    const limits = { memoryBytes: 256 << 20, wallMs: 20_000, outputBytes: 1 << 20, processes: 300 }
    const { outputs } = await plain.ask({ do: 'engine', isServe: false, limits, files: { a: 'given' }, source })
    plain.kill()
    expect(outputs).toEqual({ in: 'given' })
    expect(await refusals(bundle, chip.info)).toEqual(['isolation'])
    expect(await refusals(bundle, chip.info, true)).toEqual([])
  })

  test('says who it is', async () => {
    expect(await chipInfo(chip.socket)).toEqual(chip.info)
  })
})

test('a simulated chip refuses to start beside a real TEE: chip/real-tee-present', async () => {
  const dataDir = newDataDir({ title: '', uid: null })
  folders.push(dataDir)
  const realDevices = ['/nonexistent', dataDir]
  await expect(startChip({ dataDir, socketPath: join(dataDir, 's'), realDevices })).rejects.toMatchObject({
    code: 'chip/real-tee-present',
  })
})
