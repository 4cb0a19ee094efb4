import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { leakedDescriptors } from './leakedDescriptors.ts'
import { runWatched, type WatchLimits } from './runWatched.ts'
import { childrenByParent, childrenByThread, treeMemory, treeOf } from './treeMemory.ts'
import { withinOwnLimits } from './withinOwnLimits.ts'

const folder = mkdtempSync(join(tmpdir(), 'allod-watched-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const roomy: WatchLimits = { memoryBytes: 1 << 30, wallMs: 20_000, folders: [] }
const run = (script: string, limits: Partial<WatchLimits> = {}) =>
  runWatched([process.execPath, '-e', script], { seccomp: null, limits: { ...roomy, ...limits } })

test('says ok for a program that ends well, and keeps the end of its standard error', async () => {
  const { exit } = run('process.stderr.write("x".repeat(9000) + "end")')
  expect(await exit).toMatchObject({ reason: 'ok', code: 0, signal: null, tail: expect.stringMatching(/^x{4093}end$/) })
})

test('tells the exit code of one that does not', async () => {
  expect(await run('process.exit(9)').exit).toMatchObject({ reason: 'exit', code: 9, signal: null })
})

test('ends what takes too long', async () => {
  const started = performance.now()
  expect(await run('setInterval(() => {}, 1000)', { wallMs: 300 }).exit).toMatchObject({ reason: 'time-limit' })
  expect(performance.now() - started).toBeLessThan(10_000)
})

test('ends what takes too much memory, its children included', async () => {
  const child = 'const k = []; setInterval(() => k.push(Buffer.alloc(8 << 20, 1)), 5)'
  const { exit } = run(`require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}])`, {
    memoryBytes: 200 << 20,
  })
  const { reason, peakBytes } = await exit
  expect(reason).toBe('memory-limit')
  expect(peakBytes).toBeGreaterThan(200 << 20)
})

test('ends what writes too much, and what writes too many files', async () => {
  const write = (body: string) => `const fs = require('fs'); process.chdir(${JSON.stringify(folder)}); ${body}`
  const limit = { folder, maxBytes: 1 << 20, maxEntries: 50 }
  const much = run(write('for (;;) fs.appendFileSync("a", "x".repeat(10000))'), { folders: [limit] })
  expect(await much.exit).toMatchObject({ reason: 'output-limit' })
  rmSync(join(folder, 'a'))
  const many = run(write('for (let i = 0; i < 60; i++) fs.writeFileSync("f" + i, "")'), { folders: [limit] })
  expect(await many.exit).toMatchObject({ reason: 'output-limit' })
})

test('kills at once, and says by which signal', async () => {
  const { exit, kill } = run('setInterval(() => {}, 1000)')
  kill()
  expect(await exit).toMatchObject({ reason: 'exit', code: null, signal: 'SIGKILL' })
})

test('calls it a failed launch where the program is not there', async () => {
  const { exit } = runWatched(['/nonexistent/program'], { seccomp: null, limits: roomy })
  expect(await exit).toMatchObject({ reason: 'launch-failed' })
})

test('passes on no variable and no descriptor of its own', async () => {
  process.env.ALLOD_TEST_SECRET = 'seen'
  const secret = join(folder, 'secret')
  const inherited = openSync(secret, 'w')
  const script = `const fs = require('fs')
    const open = fs.readdirSync('/proc/self/fd').map((fd) => { try { return fs.readlinkSync('/proc/self/fd/' + fd) } catch { return '' } })
    process.stderr.write(JSON.stringify({ env: process.env, open, environ: fs.readFileSync('/proc/self/environ', 'utf8') }))`
  const { tail } = await run(script).exit
  closeSync(inherited)
  delete process.env.ALLOD_TEST_SECRET
  const seen = JSON.parse(tail)
  expect(seen.env).toEqual({})
  expect(seen.environ).toBe('')
  expect(seen.open).not.toContain(secret)
})

test('covers descriptors that whoever started us left open', () => {
  // Node itself closes the low ones; a supervisor's may be high.
  const inner = `import { runWatched } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))}
    const look = 'process.stderr.write(require("fs").readlinkSync("/proc/self/fd/40"))'
    const { exit } = runWatched([process.execPath, '-e', look],
      { seccomp: null, limits: { memoryBytes: 2 ** 30, wallMs: 20000, folders: [] } })
    process.stdout.write((await exit).tail)`
  const leak = openSync(join(folder, 'leak'), 'w')
  const stdio: ('pipe' | 'ignore' | number)[] = Array.from({ length: 40 }, (_, fd) => (fd < 3 ? 'pipe' : 'ignore'))
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', inner], { stdio: [...stdio, leak] })
  closeSync(leak)
  expect(String(stdout)).toBe('/dev/null')
})

test('counts descriptors that close on exec as its own', () => {
  const fd = openSync('/dev/null', 'r')
  expect(leakedDescriptors()).not.toContain(fd)
  closeSync(fd)
})

test('does not wait for a grandchild that left', async () => {
  const stray = 'setTimeout(() => {}, 15000)'
  const started = performance.now()
  const { exit } = run(`require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(stray)}],
    { detached: true, stdio: 'inherit' }).unref(); process.exit(0)`)
  expect(await exit).toMatchObject({ reason: 'ok' })
  expect(performance.now() - started).toBeLessThan(12_000)
})

test('stops what it runs and lets it go on', async () => {
  const beat = join(folder, 'beat')
  const { exit, pause, resume, kill } = run(
    `setInterval(() => require('fs').appendFileSync(${JSON.stringify(beat)}, 'x'), 5)`,
  )
  const size = () => statSync(beat, { throwIfNoEntry: false })?.size ?? 0
  const grows = (from: number) =>
    vi.waitFor(() => expect(size()).toBeGreaterThan(from), { timeout: 10_000, interval: 10 })
  await grows(0)
  pause()
  // A signal is delivered soon, not at once: two looks a while apart are the same.
  const looks: number[] = [-1]
  await vi.waitFor(
    () => {
      looks.push(size())
      expect(looks.at(-1)).toBe(looks.at(-2))
    },
    { timeout: 10_000, interval: 100 },
  )
  resume()
  await grows(size())
  kill()
  expect(await exit).toMatchObject({ signal: 'SIGKILL' })
})

test('finds the same children by thread and by parent', async () => {
  const { exit, kill } = run(`require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    setInterval(() => {}, 1000)`)
  const own = (childrenOf: (pid: number) => readonly number[]) => treeOf(process.pid, childrenOf).toSorted()
  await vi.waitFor(
    () => {
      expect(own(childrenByThread)).toEqual(own(childrenByParent()))
      expect(own(childrenByThread).length).toBeGreaterThan(2)
    },
    { timeout: 10_000, interval: 20 },
  )
  kill()
  await exit
})

test('measures this very process', () => {
  const filled = Buffer.alloc(64 << 20, 1)
  expect(treeMemory(process.pid)).toBeGreaterThan(filled.length)
  expect(treeMemory(2 ** 22 + 1)).toBe(0)
})

test('asks the kernel for no more than this process may have', () => {
  const hard = /^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  const wanted = { processes: 1, openFiles: Number.MAX_SAFE_INTEGER, dataBytes: 1, fileBytes: 1 }
  expect(withinOwnLimits(wanted)).toMatchObject({ processes: 1, openFiles: Number(hard), dataBytes: 1 })
})
