import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ByteDuplex } from '@allod/channel'
import { decisionHash, fromUtf8, type SignedDecision, utf8 } from '@allod/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openLogFile } from './openLogFile.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'allod-log-'))
  path = join(folder, 'decisions.ndjson')
})
afterEach(() => rmSync(folder, { recursive: true }))

const entry = (seq: number): SignedDecision => ({
  decision: {
    keeper: `0x${'01'.repeat(32)}`,
    boot: `0x${'02'.repeat(16)}`,
    seq,
    previous: `0x${'00'.repeat(32)}`,
    time: 1,
    kind: 'vote',
    order: `0x${'03'.repeat(32)}`,
    generation: 1,
    enclave: `0x${'04'.repeat(20)}`,
    subject: `0x${'05'.repeat(32)}`,
    outcome: 'ok',
  },
  by: { signer: `0x${'06'.repeat(20)}`, signature: `0x${'07'.repeat(65)}` },
})

/** A stream that gives these pieces and keeps what is written to it. */
function streamOf(...pieces: readonly string[]): ByteDuplex & { readonly answers: string[] } {
  const left = pieces.map((piece) => utf8(piece))
  const answers: string[] = []
  return {
    answers,
    read: async () => left.shift() ?? null,
    write: async (...parts) => void answers.push(...parts.map(fromUtf8)),
    end: async () => undefined,
    reset: () => undefined,
  }
}

const lines = (): string[] => readFileSync(path, 'utf8').split('\n')

test('answers each entry with its hash, once it is in the file', async () => {
  const log = await openLogFile(path)
  const [first, second] = [JSON.stringify(entry(0)), JSON.stringify(entry(1))]
  const stream = streamOf(first.slice(0, 20), `${first.slice(20)}\n${second}`, '\n')
  await log.keep(stream)
  await log.close()
  expect(stream.answers).toEqual([0, 1].map((seq) => `${decisionHash(entry(seq).decision)}\n`))
  expect(lines()).toEqual([first, second, ''])
})

test('goes on after a line that a crash cut short', async () => {
  appendFileSync(path, `${JSON.stringify(entry(0))}\n{"cut":`)
  const log = await openLogFile(path)
  await log.keep(streamOf(`${JSON.stringify(entry(1))}\n`))
  await log.close()
  expect(lines().slice(1)).toEqual(['{"cut":', JSON.stringify(entry(1)), ''])
})

test.each([
  ['an entry of no known form', '{"more":1}\n'],
  ['a line without an end', 'x'.repeat(9000)],
])('refuses %s: keeper-host/bad-entry', async (_, text) => {
  const log = await openLogFile(path)
  await expect(log.keep(streamOf(text))).rejects.toMatchObject({ code: 'keeper-host/bad-entry' })
  await log.close()
  expect(lines()).toEqual([''])
})

test('goes on after a line that a full disk cut short, and spoils nothing that follows', async () => {
  // A limit on the size of files cuts a write as a full disk does; it is the process's own, so a process has it.
  const script = `
    import { execFileSync } from 'node:child_process'
    import { openLogFile } from ${JSON.stringify(join(import.meta.dirname, 'openLogFile.ts'))}
    const [path, ...lines] = process.argv.slice(1)
    const limit = (bytes) => execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=' + bytes + ':unlimited'])
    const streamOf = (line) => {
      const left = [Buffer.from(line + '\\n'), null]
      return { read: async () => left.shift(), write: async () => {} }
    }
    const log = await openLogFile(path)
    for (const [i, line] of lines.entries()) {
      limit(i === 1 ? 1000 : 'unlimited')
      await log.keep(streamOf(line)).catch((error) => process.stdout.write(i + ' ' + error.code))
    }`
  const [first, second, third] = [0, 1, 2].map((seq) => JSON.stringify(entry(seq))) as [string, string, string]
  const args = ['--input-type=module', '-e', script, path, first, second, third]
  expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toBe('1 keeper-host/log-stopped')
  expect(lines()).toEqual([first, second.slice(0, 1000 - first.length - 1), third, ''])
})

test('gives each keeper the last entry of its own, over what an earlier host kept and over a line that was cut short', async () => {
  const other: SignedDecision = { ...entry(4), decision: { ...entry(4).decision, keeper: `0x${'0a'.repeat(32)}` } }
  appendFileSync(path, [entry(0), entry(1), other].map((e) => `${JSON.stringify(e)}\n`).join(''))
  appendFileSync(path, '{"cut":')
  const log = await openLogFile(path)
  const ask = async (keeper: string): Promise<readonly string[]> => {
    const stream = streamOf(`${keeper}\n`)
    await log.giveLast(stream)
    return stream.answers
  }
  const { keeper } = entry(0).decision
  expect(await ask(keeper)).toEqual([`${JSON.stringify(entry(1))}\n`])
  expect(await ask(other.decision.keeper)).toEqual([`${JSON.stringify(other)}\n`])
  expect(await ask(`0x${'0c'.repeat(32)}`)).toEqual(['\n'])
  await log.keep(streamOf(`${JSON.stringify(entry(2))}\n`))
  expect(await ask(keeper)).toEqual([`${JSON.stringify(entry(2))}\n`])
  await expect(ask('anybody')).rejects.toMatchObject({ code: 'keeper-host/bad-entry' })
  await log.close()
})

test('answers nothing when the file cannot be written', async () => {
  const log = await openLogFile(path)
  await log.close()
  const stream = streamOf(`${JSON.stringify(entry(0))}\n`)
  await expect(log.keep(stream)).rejects.toMatchObject({ code: 'keeper-host/log-stopped' })
  expect(stream.answers).toEqual([])
})
