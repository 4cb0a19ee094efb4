import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { programOf } from './frame/root.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'allod-signals-'))
})
afterEach(() => {
  const network = join(folder, '.allod')
  // Where a command was not interrupted, its network came up.
  if (existsSync(join(network, 'devnet/deployment.json')))
    spawnSync(process.execPath, [programOf('devnet/main.ts'), 'down', '--folder', network], { stdio: 'inherit' })
  rmSync(folder, { recursive: true, force: true })
})

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'a command that gets %s is interrupted, and what it runs ends with it',
  async (signal) => {
    const command = spawn(process.execPath, [join(import.meta.dirname, 'allod.ts'), 'up', '--allow-unisolated'], {
      ...{ cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
    })
    const ended = new Promise((resolve) => command.once('exit', (...how) => resolve(how)))
    let said = ''
    // It is over once nobody holds its stderr any more, the program that it runs included.
    for await (const piece of command.stderr) {
      said += String(piece)
      if (command.killed || !said.includes('staging the builds')) continue
      command.kill(signal)
      // A closed terminal tells whom it started, and so does its shell.
      if (signal === 'SIGHUP') command.kill(signal)
    }
    expect(await ended).toEqual([130, null])
    expect(said).toContain('cli/interrupted')
    expect(said).not.toContain('starting the chain')
  },
)
