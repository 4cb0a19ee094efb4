import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { AllodError } from '@allod/protocol'
import { expect, test } from 'vitest'
import { newOutput } from './Output.ts'

const HOSTILE = 'a\u001b]52;c;aGk=\u0007b\u009b2Jc\u202ed\r-\ne'
const SHOWN = 'a\ufffd]52;c;aGk=\ufffdb\ufffd2Jc\ufffdd\ufffd-\ne'

const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g')

function outputs({ isJson = false } = {}) {
  const streams = [new PassThrough(), new PassThrough()].map(
    (s) => Object.assign(s, { isTTY: true, columns: 80 }) as unknown as NodeJS.WriteStream & PassThrough,
  )
  const [stdout, stderr] = streams as [NodeJS.WriteStream & PassThrough, NodeJS.WriteStream & PassThrough]
  const io = { stdin: process.stdin, stdout, stderr, env: {}, signal: new AbortController().signal }
  const read = (stream: PassThrough): string => String(stream.read() ?? '')
  return { out: newOutput(io, { isJson, noColor: false }), stdout: () => read(stdout), stderr: () => read(stderr) }
}

test('no way to the terminal lets through what it would obey', () => {
  const { out, stdout, stderr } = outputs()
  out.result({}, out.paint.green(HOSTILE))
  expect(stdout()).toBe(`\u001b[32m${SHOWN}\u001b[39m\n`)
  out.line({}, HOSTILE)
  expect(stdout()).toBe(`${SHOWN}\n`)
  // An answer that comes in pieces, a sequence across two of them.
  for (const piece of ['one\n\ttwo\u001b', '[2J three', '\n']) out.piece(piece)
  expect(stdout()).toBe('one\n\ttwo\ufffd[2J three\n')
  out.note(HOSTILE)
  expect(stderr()).toBe(`${SHOWN}\n`)
  out.error(
    new AllodError('sdk/agent-error', HOSTILE, HOSTILE, { actual: HOSTILE, meta: { [HOSTILE]: [HOSTILE] } }),
    HOSTILE,
  )
  const said = stderr()
  expect(said.replaceAll(COLOUR, '')).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e]/u)
  // A message of others begins no line of its own, where ours stand.
  expect(
    said
      .split('\n')
      .slice(0, 4)
      .map((line) => line.replaceAll(COLOUR, '').slice(0, 8)),
  ).toEqual(['error: a', '  actual', '  a\ufffd]52;', 'hint: a\ufffd'])
})

test('JSON says the same in escapes, and prints no piece beside it', () => {
  const { out, stdout } = outputs({ isJson: true })
  out.result({ said: HOSTILE }, '')
  const line = stdout()
  expect(line.trimEnd()).not.toMatch(/[\p{Cc}\u202a-\u202e]/u)
  expect(JSON.parse(line)).toEqual({ said: HOSTILE })
  out.piece('a')
  expect(stdout()).toBe('')
})

test('what commands say goes through here: nothing else writes but what draws and what asks', () => {
  const root = join(import.meta.dirname, '..')
  const files = globSync('**/*.ts', { cwd: root }).filter((f) => !f.endsWith('.test.ts') && !f.startsWith('testing/'))
  expect(files).toContain('commands/chat.ts')
  const writers = files.filter((file) => /std(out|err)\.write|console\./.test(readFileSync(join(root, file), 'utf8')))
  expect(writers).toEqual(['frame/prompt.ts'])
})
