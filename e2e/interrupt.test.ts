import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
