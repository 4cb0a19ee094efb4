import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { takeLock } from '@allod/content/node/lock'
import { isRunning, layoutOf, processNames } from '@allod/devnet'
import { afterEach, expect, test } from 'vitest'
import { processesOf } from './processesOf.ts'
import { runDemo } from './runDemo.ts'

let folder = ''
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test.each([
  ['SIGINT', 'starting the chain'],
  ['SIGHUP', 'starting the keepers'],
  ['SIGTERM', 'the developer seals'],
] as const)('a demo that gets %s at “%s” takes its network down', async (signal, moment) => {
  folder = mkdtempSync(join(tmpdir(), 'allod-interrupted-'))
  let isSent = false
  const { code } = await runDemo(['--once', '--folder', folder], {
    onSaid(text, send) {
      if (isSent || !text.includes(moment)) return
      isSent = true
      send(signal)
      // As from a terminal, where npm passes on what the terminal has sent already.
      send(signal)
    },
  })
  expect([isSent, code]).toEqual([true, 130])
  const { processes } = layoutOf(folder)
  expect(existsSync(processes)).toBe(true)
  expect(processNames.filter((name) => isRunning(processes, name))).toEqual([])
  expect(processesOf(folder)).toEqual([])
})

test('a demo whose network somebody else is at is devnet/busy, and takes nothing of it down', async () => {
  folder = mkdtempSync(join(tmpdir(), 'allod-busy-'))
  const { lock: path, processes } = layoutOf(folder)
  mkdirSync(processes, { recursive: true })
  const lock = takeLock(path)
  const { code, said } = await runDemo(['--once', '--folder', folder])
  lock?.release()
  expect(code).toBe(1)
  expect(said).toContain('devnet/busy')
  expect(said).not.toMatch(/^ {4}at /m)
})
