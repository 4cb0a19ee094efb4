import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { rawBody, rawRef } from '@allod/content'
import { httpStore } from '@allod/content/stores'
import type { Hex } from '@allod/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let home: string
const children: ChildProcess[] = []
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'allod-store-main-'))
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await rm(home, { recursive: true })
})

function run(...args: string[]): ChildProcess {
  const main = new URL('./main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  return child
}

async function ready(child: ChildProcess): Promise<{ ready: boolean; port: number; address: Hex }> {
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) return JSON.parse(line)
  throw new Error('it ended before it was ready')
}

async function failure(...args: string[]): Promise<{ code: string; exit: number }> {
  const child = run(...args)
  const text: string[] = []
  child.stderr?.on('data', (data) => text.push(String(data)))
  const [exit] = (await once(child, 'close')) as [number]
  return { code: (JSON.parse(text.join('')) as { code: string }).code, exit }
}

describe('the program', () => {
  it('serves, keeps its key to itself, ends on SIGTERM, and loses nothing to SIGKILL', async () => {
    const args = ['--data', join(home, 'data'), '--key', join(home, 'key')]
    const first = run(...args)
    const { port, address } = await ready(first)
    expect((await stat(join(home, 'key'))).mode & 0o777).toBe(0o600)
    expect(await readFile(join(home, 'key'), 'utf8')).toMatch(/^0x[0-9a-f]{64}\n$/)
    // SHA-256 of nothing.
    const ref = rawRef('0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    await httpStore({ url: `http://127.0.0.1:${port}`, address }).put(ref, rawBody(new Uint8Array()))
    first.kill('SIGKILL')
    await once(first, 'close')
    const second = run(...args, '--quota', '1000000')
    const again = await ready(second)
    expect(again.address).toBe(address)
    expect(await httpStore({ url: `http://127.0.0.1:${again.port}`, address }).has([ref])).toEqual([true])
    second.kill('SIGTERM')
    expect(await once(second, 'close')).toEqual([0, null])
  })

  it.each([
    [[]],
    [['--data', 'x']],
    [['--data', 'x', '--key', 'y', '--port', 'z']],
    [['--data', 'x', '--key', 'y', '--port', '65536']],
    [['--data', 'x', '--key', 'y', '--what']],
  ])('says what it wants: store/bad-arguments for %j', async (args) => {
    expect(await failure(...args)).toEqual({ code: 'store/bad-arguments', exit: 1 })
  })

  it('refuses a key file that others can read, or that holds no key: store/bad-key-file', async () => {
    const path = join(home, 'open-key')
    await writeFile(path, `0x${'11'.repeat(32)}\n`)
    await chmod(path, 0o644)
    expect(await failure('--data', join(home, 'd'), '--key', path)).toEqual({ code: 'store/bad-key-file', exit: 1 })
    await writeFile(path, 'hello')
    await chmod(path, 0o600)
    expect(await failure('--data', join(home, 'd'), '--key', path)).toEqual({ code: 'store/bad-key-file', exit: 1 })
  })
})
