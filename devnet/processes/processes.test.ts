import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { isRunning, type Program, runningPid, startProgram, stopProgram } from './processes.ts'

const serves = `process.stdout.write(JSON.stringify({ ready: true, pid: process.pid, args: process.argv.slice(2) }) + '\\n')
setInterval(() => {}, 1000)`
const name = 'sample'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'allod-processes-'))
})
afterEach(async () => {
  await stopProgram(folder, name)
  rmSync(folder, { recursive: true, force: true })
})

function program(source: string, args: readonly string[] = []): Program {
  const script = join(folder, 'program.mjs')
  writeFileSync(script, source)
  return { name, script, args }
}

describe('a program of the network', () => {
  test('is started, tells what it prints first, and runs on', async () => {
    const ready = await startProgram(folder, program(serves, ['--port', '1']))
    expect(ready).toMatchObject({ ready: true, args: ['--port', '1'] })
    expect(runningPid(folder, name)).toBe(ready.pid)
  })

  test('is found again instead of started twice', async () => {
    const first = await startProgram(folder, program(serves))
    expect(await startProgram(folder, program(serves))).toEqual(first)
  })

  test('is waited for instead of started twice where it runs and is not ready yet', async () => {
    const slow = program(serves)
    const both = [startProgram(folder, slow), startProgram(folder, slow)]
    const [first, second] = await Promise.all(both)
    expect(second).toEqual(first)
  })

  test('is started anew once it ended', async () => {
    const first = await startProgram(folder, program(serves))
    await stopProgram(folder, name)
    expect(isRunning(folder, name)).toBe(false)
    const second = await startProgram(folder, program(serves))
    expect(second.pid).not.toBe(first.pid)
  })

  test('is stopped once, twice, or where it never ran', async () => {
    await stopProgram(folder, name)
    await startProgram(folder, program(serves))
    await stopProgram(folder, name)
    await stopProgram(folder, name)
    expect(runningPid(folder, name)).toBeNull()
  })

  test('that does not come up is devnet/process-failed, with its exit code and the end of its log', async () => {
    const fails = program(`process.stderr.write('x'.repeat(9000) + 'the port is taken')\nprocess.exitCode = 3`)
    await expect(startProgram(folder, fails)).rejects.toThrow(
      expect.objectContaining({
        code: 'devnet/process-failed',
        meta: { actual: name, exitCode: 3, log: expect.stringMatching(/^x{1983}the port is taken$/) },
      }),
    )
    expect(isRunning(folder, name)).toBe(false)
  })
})

describe('a pid file', () => {
  const write = (text: string) => writeFileSync(join(folder, `${name}.pid`), text)

  test('whose pid another program got is not ours, and that program is left alone', async () => {
    write(JSON.stringify({ pid: process.pid, startedAt: '1' }))
    expect(runningPid(folder, name)).toBeNull()
    await stopProgram(folder, name)
    expect(() => readFileSync(join(folder, `${name}.pid`))).toThrow('ENOENT')
  })

  test('of a program that was gone before it was looked at is not ours', () => {
    write(JSON.stringify({ pid: process.pid, startedAt: null }))
    expect(runningPid(folder, name)).toBeNull()
  })

  test.each(['', '{"pid":', 'null'])('cut short by a crash, %j, names no program', async (text) => {
    write(text)
    expect(runningPid(folder, name)).toBeNull()
    const ready = await startProgram(folder, program(serves))
    expect(runningPid(folder, name)).toBe(ready.pid)
  })

  test.each(['lost', 'overwritten'])('that is %s loses no program: it is found by its mark', async (how) => {
    const ready = await startProgram(folder, program(serves))
    if (how === 'lost') rmSync(join(folder, `${name}.pid`))
    else write(JSON.stringify({ pid: process.pid, startedAt: '1' }))
    expect(runningPid(folder, name)).toBe(ready.pid)
    expect(isRunning(folder, 'other')).toBe(false)
    expect(await startProgram(folder, program(serves))).toEqual(ready)
    await stopProgram(folder, name)
    expect(isRunning(folder, name)).toBe(false)
  })

  test('that is lost is not looked for among what the program started itself', async () => {
    const parent = `import { spawn } from 'node:child_process'
      const { pid } = spawn('sleep', ['60'], { stdio: 'ignore' })
      process.stdout.write(JSON.stringify({ ready: true, pid }) + '\\n')`
    const { pid } = await startProgram(folder, program(`${parent}\nsetInterval(() => {}, 1000)`))
    try {
      const parentPid = Number(runningPid(folder, name))
      expect(parentPid).toBeGreaterThan(1)
      process.kill(parentPid, 'SIGKILL')
      rmSync(join(folder, `${name}.pid`))
      await vi.waitFor(() => expect(runningPid(folder, name)).toBeNull())
      expect(process.kill(Number(pid), 0)).toBe(true)
    } finally {
      process.kill(Number(pid), 'SIGKILL')
    }
  })
})
