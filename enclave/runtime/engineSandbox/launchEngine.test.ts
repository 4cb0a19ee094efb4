import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sandboxCommand } from '@allod/sandbox'
import { runWatched } from '@allod/sandbox/node'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { engineCommand, engineKernelLimits, plainEngineCommand } from './engineCommand.ts'
import { type EngineLimits, type EnginePrograms, type EngineSpec, launchEngine } from './launchEngine.ts'

const programs: EnginePrograms = {
  node: process.execPath,
  bwrap: '/usr/bin/bwrap',
  prlimit: '/usr/bin/prlimit',
  libraries: ['/lib', '/lib64', '/usr/lib'].filter((folder) => existsSync(folder)),
}
const hasSandbox = existsSync(programs.bwrap)
if (!hasSandbox) console.warn('no bubblewrap here, so the tests that need it are left out: apt-get install bubblewrap')

const limits: EngineLimits = { memoryBytes: 200 << 20, wallMs: 20_000, outputBytes: 1 << 20, processes: 4096 }

let base: string
const at = (name: string) => join(base, name)
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'allod-engine-test-'))
  for (const name of ['engine', 'in', 'out', 'run']) mkdirSync(at(name))
  writeFileSync(at('in/a'), 'given')
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

type Kind = 'run' | 'serve'

/** Runs an engine of this source to its end. */
async function run(source: string, change: Partial<EngineSpec> = {}, kind: Kind = 'run') {
  writeFileSync(at('engine/run.mjs'), `import fs from 'node:fs'\nimport net from 'node:net'\n${source}`)
  const isServe = kind === 'serve'
  const engine = await launchEngine(
    {
      folders: {
        engine: at('engine'),
        input: at('in'),
        output: isServe ? null : at('out'),
        run: isServe ? at('run') : null,
      },
      limits,
      program: ['/engine/run.mjs', '/in', isServe ? '/run/engine.sock' : '/out'],
      isolation: 'bubblewrap',
      ...change,
    },
    programs,
  )
  return engine.exit
}
const output = (name: string) => readFileSync(at(`out/${name}`), 'utf8')
const report = (expression: string) => `fs.writeFileSync('/out/seen', JSON.stringify(await (${expression})))`
const seen = () => JSON.parse(output('seen'))

describe.skipIf(!hasSandbox)('an engine in its sandbox', () => {
  test('reads /in, writes /out, and says why it stopped', async () => {
    const exit = await run(
      `fs.writeFileSync('/out/b', fs.readFileSync('/in/a')); console.error('done'); process.exitCode = 3`,
    )
    expect(exit).toMatchObject({ reason: 'exit', code: 3, tail: 'done\n' })
    expect(output('b')).toBe('given')
  })

  test('sees nothing of its launcher: no variable, no preload, no option, no file, no process', async () => {
    const hostile = { LD_PRELOAD: '/nonexistent.so', NODE_OPTIONS: '--title=from-outside', ALLOD_SECRET: 'outside' }
    Object.assign(process.env, hostile)
    await run(
      report(`{ env: process.env, first: fs.readFileSync('/proc/1/environ', 'utf8'), title: process.title,
      root: fs.readdirSync('/'), bin: fs.readdirSync('/bin'), pids: fs.readdirSync('/proc').filter((n) => /^\\d+$/.test(n)) }`),
    )
    for (const name of Object.keys(hostile)) delete process.env[name]
    expect(seen()).toMatchObject({ env: { HOME: '/tmp', PWD: '/' }, first: '', bin: ['node'], pids: ['1', '2'] })
    expect(seen().title).not.toBe('from-outside')
    expect(seen().root).not.toContain('work')
  })

  test('has no network, neither the internet’s nor its neighbours’', async () => {
    const attempt = (options: string) =>
      `new Promise((r) => net.connect(${options}).on('error', (e) => r(e.code)).on('connect', () => r('connected')))`
    await run(
      report(`Promise.all([${attempt(`443, '1.1.1.1'`)}, ${attempt(`443, '::1'`)}, ${attempt(`'\\0abstract'`)}])`),
    )
    expect(seen()).toEqual(['EAFNOSUPPORT', 'EAFNOSUPPORT', 'ECONNREFUSED'])
  })

  test('has no network even without its filter', async () => {
    const everythingAllowed = Buffer.from('060000000000ff7f', 'hex')
    const script = `require('net').connect(443, '1.1.1.1').on('error', (e) => process.stderr.write(e.code))`
    const mounts = ['/bin', ...programs.libraries].map((f) => ({ kind: 'read', from: f, to: f }) as const)
    const command = ['/node', '-e', script]
    const node = { kind: 'read', from: programs.node, to: '/node' } as const
    const { exit } = runWatched(
      sandboxCommand({ bwrap: programs.bwrap, hostname: 'x', mounts: [...mounts, node], command }),
      {
        seccomp: everythingAllowed,
        limits: { memoryBytes: 1 << 30, wallMs: 20_000, folders: [] },
      },
    )
    expect((await exit).tail).toBe('ENETUNREACH')
  })

  test('cannot change what it was given', async () => {
    await run(
      report(`['/in/a', '/in/b', '/engine/run.mjs', '/bin/node', '/lib/x', '/dev/shm/x'].map((path) => {
      try { fs.writeFileSync(path, 'x'); return 'written' } catch (e) { return e.code } })`),
    )
    expect(new Set(seen())).toEqual(new Set(['EROFS']))
    expect(readFileSync(at('in/a'), 'utf8')).toBe('given')
  })

  test('has no privilege and no way to more', async () => {
    await run(report(`fs.readFileSync('/proc/self/status', 'utf8')`))
    expect(seen()).toMatch(/^CapEff:\t0+$/m)
    expect(seen()).toMatch(/^NoNewPrivs:\t1$/m)
    expect(seen()).toMatch(/^Seccomp:\t2$/m)
  })

  test('is ended when it writes too much, too many files, or fills /tmp', async () => {
    const writes = await run(`for (;;) fs.appendFileSync('/out/b', 'x'.repeat(1000))`)
    expect(writes.reason).toBe('output-limit')
    rmSync(at('out'), { recursive: true })
    mkdirSync(at('out'))
    const many = await run(`for (let i = 0; ; i++) fs.writeFileSync('/out/' + i, '')`)
    expect(many.reason).toBe('output-limit')
    const tmp = await run(`for (let i = 0; ; i++) fs.writeFileSync('/tmp/' + i, '')`)
    expect(tmp.reason).toBe('output-limit')
  })

  test('cannot leave one file larger than its limit, however fast it writes', async () => {
    await run(`fs.writeSync(fs.openSync('/out/b', 'w'), Buffer.alloc(100 << 20))`)
    expect(readFileSync(at('out/b')).length).toBeLessThanOrEqual(64 << 20)
  })

  test('is ended when it takes too much memory or time', async () => {
    const eats = await run('const k = []; setInterval(() => k.push(Buffer.alloc(8 << 20, 1)), 5)')
    expect(eats).toMatchObject({ reason: 'memory-limit' })
    expect(eats.peakBytes).toBeGreaterThan(limits.memoryBytes)
    const waits = await run('setInterval(() => {}, 1000)', { limits: { ...limits, wallMs: 400 } })
    expect(waits).toMatchObject({ reason: 'time-limit' })
  })

  test('cannot outrun the watch: one huge allocation fails in the kernel', async () => {
    const exit = await run(`const k = []; for (let i = 0; i < 40; i++) k.push(Buffer.alloc(100 << 20, 1))`)
    expect(exit.peakBytes).toBeLessThan(limits.memoryBytes + (1 << 30))
    expect(exit.reason).toMatch(/^(memory-limit|exit)$/)
  })

  test('a serve engine has a socket, and neither /out nor a voice', async () => {
    const exit = await run(
      `console.error('a prompt'); net.createServer().listen(process.argv[3], () => process.exit(fs.existsSync('/out') ? 1 : 0))`,
      {},
      'serve',
    )
    expect(exit).toMatchObject({ reason: 'ok', tail: '' })
    expect(readdirSync(at('run'))).toEqual(['engine.sock'])
  })

  test('a serve engine that stores prompts beside its socket is ended', async () => {
    const exit = await run(`for (let i = 0; ; i++) fs.appendFileSync('/run/kept', 'x'.repeat(10000))`, {}, 'serve')
    expect(exit.reason).toBe('output-limit')
  })

  test('is killed at once when asked', async () => {
    writeFileSync(at('engine/run.mjs'), 'setInterval(() => {}, 1000)')
    const folders = { engine: at('engine'), input: at('in'), output: at('out'), run: null }
    const spec: EngineSpec = { folders, limits, program: ['/engine/run.mjs'], isolation: 'bubblewrap' }
    const engine = await launchEngine(spec, programs)
    engine.kill()
    expect(await engine.exit).toMatchObject({ reason: 'exit', signal: 'SIGKILL' })
  })

  test('that is not there is an exit, and a folder that is not there a failed launch', async () => {
    expect(await run('', { program: ['/engine/none.mjs'] })).toMatchObject({ reason: 'exit', code: 1 })
    const folders = { engine: '/nonexistent', input: at('in'), output: null, run: null }
    expect(await run('', { folders })).toMatchObject({ reason: 'launch-failed' })
  })

  test('leaves nothing in the temporary folder', async () => {
    mkdirSync(at('tmp'))
    const { TMPDIR } = process.env
    process.env.TMPDIR = at('tmp')
    const exit = await run(`fs.writeFileSync('/tmp/x', 'x')`)
    process.env.TMPDIR = TMPDIR ?? '/tmp'
    expect(exit).toMatchObject({ reason: 'ok' })
    expect(readdirSync(at('tmp'))).toEqual([])
  })
})

test('without a sandbox the contract’s folders are found under a root, and limits still hold', async () => {
  const copy = `fs.writeFileSync(process.argv[3] + '/b', fs.readFileSync(process.argv[2] + '/a'))`
  expect(await run(copy, { isolation: 'none' })).toMatchObject({ reason: 'ok' })
  expect(output('b')).toBe('given')
  const exit = await run('setInterval(() => {}, 1000)', { isolation: 'none', limits: { ...limits, wallMs: 400 } })
  expect(exit).toMatchObject({ reason: 'time-limit' })
})

test('words of the contract move under the root, others stay', () => {
  expect(plainEngineCommand('node', '/r', ['/engine/run.mjs', '/in', '/run/engine.sock', '/input', '--out'])).toEqual([
    'node',
    '/r/engine/run.mjs',
    '/r/in',
    '/r/run/engine.sock',
    '/input',
    '--out',
  ])
})

test('the command is the same words for the same spec, and shows inputs read-only', () => {
  const folders = { engine: '/e', input: '/i', output: '/o', run: null, tmp: '/t' }
  const words = engineCommand({ ...programs, libraries: [] }, folders, engineKernelLimits(limits), [
    '/engine/run.mjs',
  ]).join(' ')
  expect(words).toContain('--ro-bind /e /engine --ro-bind /i /in --bind /o /out --bind /t /tmp')
  expect(words).not.toContain(' /run ')
})
