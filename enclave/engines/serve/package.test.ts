import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  watch,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { packageServe } from './package.ts'
import { openai, writeInputs } from './testing/startTiny.ts'

const scratch = mkdtempSync(join(tmpdir(), 'serve-package-'))
const built = join(scratch, 'built')
const input = join(scratch, 'in')

beforeAll(async () => {
  await packageServe(built)
  writeInputs(input, { threads: 1, contextTokens: 1024 })
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

type Ended = { readonly code: number | null; readonly stdout: string }

/** The packaged program as a sandbox starts it: no environment, elsewhere, nothing but its two arguments. */
function start(
  inDir: string,
  run: string,
  folder = built,
): { child: ChildProcess; socket: string; ready: Promise<void>; ended: Promise<Ended> } {
  mkdirSync(run)
  const socket = join(run, 'engine.sock')
  const child = spawn(process.execPath, [join(folder, 'serve.mjs'), inDir, socket], {
    cwd: '/',
    env: { HOME: '/tmp' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let stdout = ''
  child.stdout?.on('data', (d) => (stdout += d))
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, stdout })))
  const early = ended.then((e) => {
    throw new Error(JSON.stringify(e))
  })
  const ready = Promise.race([appears(run, 'engine.sock'), early])
  return { child, socket, ready, ended }
}

/** Resolves once `name` is in the folder. */
function appears(folder: string, name: string): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(folder, { persistent: false }, () => {
      if (!existsSync(join(folder, name))) return
      watcher.close()
      resolve()
    })
  })
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort()
    .map((name) => {
      const path = join(folder, name)
      const digest = createHash('sha256').update(readFileSync(path)).digest('hex')
      return `${name} ${(statSync(path).mode & 0o777).toString(8)} ${digest}`
    })
}

test('the same sources give the same bytes and modes', async () => {
  const again = join(scratch, 'again')
  await packageServe(again)
  expect(filesOf(again)).toEqual(filesOf(built))
})

test('the package is small enough to review: a bundle and ten native files', () => {
  const files = filesOf(built).map((line) => line.split(' ')[0])
  expect(files.filter((f) => f?.startsWith('native/'))).toHaveLength(10)
  expect(files).toHaveLength(11)
  expect(statSync(join(built, 'serve.mjs')).size).toBeLessThan(1_000_000)
})

test('the bundle has nothing that downloads, compiles or starts programs', () => {
  const source = readFileSync(join(built, 'serve.mjs'), 'utf8')
  const imported = [...source.matchAll(/from "(node:)?([a-z_/]+)"/g)].map((m) => m[2])
  expect(new Set(imported)).toEqual(new Set(['crypto', 'fs', 'http', 'module', 'os', 'path', 'url']))
})

test('runs under plain node, answers, and ends when told to', async () => {
  const { child, socket, ready, ended } = start(input, join(scratch, 'run'))
  await ready
  const client = openai(socket)
  const ask = { messages: [{ role: 'user' as const, content: 'hello' }], temperature: 0, max_tokens: 8 }
  const answers = await Promise.all(['base', 'tuned'].map((model) => client.chat.completions.create({ ...ask, model })))
  expect(answers.every((a) => (a.usage?.completion_tokens ?? 0) > 0)).toBe(true)
  child.kill('SIGTERM')
  expect(await ended).toEqual({ code: 0, stdout: '{"stopped":"told"}\n' })
  expect(existsSync(socket)).toBe(false)
})

test('says as its last line why it could not start: serve/bad-input', async () => {
  const { ready, ended } = start(join(scratch, 'nothing'), join(scratch, 'run2'))
  await expect(ready).rejects.toThrow()
  expect(await ended).toEqual({ code: 2, stdout: '{"stopped":"serve/bad-input"}\n' })
})

test('says serve/no-native-engine where its libraries are gone', async () => {
  const bare = join(scratch, 'bare')
  mkdirSync(bare)
  copyFileSync(join(built, 'serve.mjs'), join(bare, 'serve.mjs'))
  const { ready, ended } = start(input, join(scratch, 'run3'), bare)
  await expect(ready).rejects.toThrow()
  expect(await ended).toEqual({ code: 2, stdout: '{"stopped":"serve/no-native-engine"}\n' })
})

test('finds the contract’s paths under --root where it has no sandbox', async () => {
  const root = join(scratch, 'root')
  mkdirSync(join(root, 'run'), { recursive: true })
  symlinkSync(input, join(root, 'in'))
  const words = [join(built, 'serve.mjs'), '/in', '/run/engine.sock', '--root', root]
  const child = spawn(process.execPath, words, { cwd: '/', env: {}, stdio: 'ignore' })
  await appears(join(root, 'run'), 'engine.sock')
  child.kill('SIGTERM')
  const code = await new Promise((resolve) => child.on('close', resolve))
  expect(code).toBe(0)
})
