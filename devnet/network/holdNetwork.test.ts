import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isRunning, stopProgram } from '../processes/processes.ts'
import { down } from './down.ts'
import { holdNetwork } from './holdNetwork.ts'
import { layoutOf } from './plan.ts'
import { up } from './up.ts'

const devnet = join(import.meta.dirname, '..')
const refused = expect.objectContaining({
  code: 'devnet/busy',
  meta: expect.objectContaining({ expected: 'nobody else at it' }),
})
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'allod-held-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Another process that holds the network and starts a program of it. */
async function otherHolder() {
  const program = `
    const { holdNetwork } = await import(${JSON.stringify(join(devnet, 'network/holdNetwork.ts'))})
    const { startProgram } = await import(${JSON.stringify(join(devnet, 'processes/processes.ts'))})
    holdNetwork(${JSON.stringify(folder)})
    await startProgram(${JSON.stringify(layoutOf(folder).processes)}, {
      name: 'gateway', script: '-e', args: ['console.log(JSON.stringify({ ready: true })); setInterval(() => {}, 1000)'],
    })
    process.stdout.write('holds it')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return {
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

test('a network that another process is at is devnet/busy for up and down, until that process ends, whatever it started', async () => {
  const other = await otherHolder()
  const { processes, builds } = layoutOf(folder)
  try {
    await expect(up({ folder, isUnisolatedAllowed: true })).rejects.toThrow(refused)
    await expect(down(folder)).rejects.toThrow(refused)
    expect([existsSync(builds), isRunning(processes, 'gateway')]).toEqual([false, true])
    await other.end()
    holdNetwork(folder).release()
    expect(isRunning(processes, 'gateway')).toBe(true)
    await down(folder)
    expect(isRunning(processes, 'gateway')).toBe(false)
  } finally {
    await other.end()
    await stopProgram(processes, 'gateway')
  }
})

test('one process brings a network up once at a time, again when that is over, and may break it off', async () => {
  const held = holdNetwork(folder)
  expect(() => holdNetwork(join(folder, '.'))).toThrow(refused)
  await down(folder)
  expect(() => holdNetwork(folder)).toThrow(refused)
  held.release()
  await down(folder)
  holdNetwork(folder).release()
})

test('nobody else on the machine can hold it, and what never was is down already', async () => {
  const never = join(folder, 'never')
  await down(never)
  expect(existsSync(never)).toBe(false)
  holdNetwork(folder).release()
  expect(statSync(layoutOf(folder).processes).mode & 0o777).toBe(0o700)
})
