import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readKeyFile } from './readKeyFile.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'allod-key-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a key that could not be written is none, and is made the next time', async () => {
  const path = join(folder, 'key')
  const program = `const { readKeyFile } = await import(${JSON.stringify(join(import.meta.dirname, 'readKeyFile.ts'))})
    await readKeyFile(${JSON.stringify(path)})`
  // No file of this process may be longer than nothing, so it gets as far as opening one.
  const shell = ['-c', 'ulimit -f 0; exec "$@"', 'bash', process.execPath, '--input-type=module', '-e', program]
  const child = spawn('bash', shell, { env: {}, stdio: ['ignore', 'ignore', 'pipe'] })
  const said = text(child.stderr)
  expect(await once(child, 'exit')).toEqual([1, null])
  expect(await said).toContain('EFBIG')
  expect(readdirSync(folder)).toEqual([])
  const { address } = await readKeyFile(path)
  expect((await readKeyFile(path)).address).toBe(address)
})

test('two that make the key at once have the same, readable by its owner alone, and leave nothing beside it', async () => {
  const path = join(folder, 'key')
  const keys = await Promise.all([readKeyFile(path), readKeyFile(path)])
  expect(new Set(keys.map((key) => key.address)).size).toBe(1)
  expect(readdirSync(folder)).toEqual(['key'])
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readFileSync(path, 'utf8')).toMatch(/^0x[0-9a-f]{64}\n$/)
})
