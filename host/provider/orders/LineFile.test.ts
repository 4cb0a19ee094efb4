import { execFileSync } from 'node:child_process'
import { appendFileSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { integer, record, text } from '@allod/protocol'
import { expect, test } from 'vitest'
import { scratch } from '../testing/samples.ts'
import { LineFile } from './LineFile.ts'

const shape = record({ n: integer(), text: text(2000) })
const value = (n: number) => ({ n, text: 'x'.repeat(600) })

/** Adds values 0, 1 and 2 in a process of its own, whose files may not grow over 1000 bytes while it adds the second. */
function addOnAFullDisk(path: string, isFlushed: boolean): string {
  // A limit on the size of files cuts a write as a full disk does; it is the process's own, so a process has it.
  const script = `
    import { execFileSync } from 'node:child_process'
    import { LineFile } from ${JSON.stringify(join(import.meta.dirname, 'LineFile.ts'))}
    const limit = (bytes) => execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=' + bytes + ':unlimited'])
    const file = new LineFile(process.argv[1], (value) => value)
    for (const n of [0, 1, 2]) {
      limit(n === 1 ? 1000 : 'unlimited')
      try {
        file.append({ n, text: 'x'.repeat(600) }, { isFlushed: ${isFlushed} })
      } catch (error) {
        process.stdout.write(n + ' ' + error.code)
      }
    }`
  return execFileSync(process.execPath, ['--input-type=module', '-e', script, path], { encoding: 'utf8' })
}

test.each([true, false])(
  'takes back what a full disk took of a line, and spoils nothing that follows (flushed: %s)',
  (isFlushed) => {
    using folder = scratch()
    const path = join(folder.path, 'lines')
    expect(addOnAFullDisk(path, isFlushed)).toBe('1 EFBIG')
    expect(new LineFile(path, shape).load()).toEqual([value(0), value(2)])
  },
)

test('leaves out a line that cannot be read, and says so', () => {
  using folder = scratch()
  const path = join(folder.path, 'lines')
  const file = new LineFile(path, shape)
  file.append(value(0), { isFlushed: false })
  appendFileSync(path, '{"n":1,"te{"n":2}\n{"n":3}\n')
  file.append(value(4), { isFlushed: true })
  const said: string[] = []
  const write = process.stderr.write
  process.stderr.write = (text: string | Uint8Array) => said.push(String(text)) > 0
  try {
    expect(new LineFile(path, shape).load()).toEqual([value(0), value(4)])
  } finally {
    process.stderr.write = write
  }
  expect(said).toEqual([`${path}: a line is not readable, left out: SyntaxError\n`])
})

test('takes away a last line that a crash cut short', () => {
  using folder = scratch()
  const path = join(folder.path, 'lines')
  const file = new LineFile(path, shape)
  file.append(value(0), { isFlushed: true })
  const { size } = statSync(path)
  appendFileSync(path, '{"n":1')
  expect(file.load()).toEqual([value(0)])
  expect(statSync(path).size).toBe(size)
  file.append(value(1), { isFlushed: true })
  expect(
    readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => shape(JSON.parse(line))),
  ).toEqual([value(0), value(1)])
})

async function readFrom(file: LineFile<ReturnType<typeof shape>>, fromByte: number) {
  const seen: { n: number; endByte: number }[] = []
  for await (const { value, endByte } of file.read(fromByte)) seen.push({ n: value.n, endByte })
  return seen
}

test('is read from any line on, over many pieces and over a line that cannot be read', async () => {
  using folder = scratch()
  const path = join(folder.path, 'lines')
  const file = new LineFile(path, shape)
  const ends: number[] = []
  for (let n = 0; n < 300; n++) {
    if (n === 200) appendFileSync(path, 'garbage\n')
    file.append({ n, text: 'é'.repeat(n * 5) }, { isFlushed: false })
    ends.push(file.sizeBytes)
  }
  expect(file.sizeBytes).toBe(statSync(path).size)
  const all = ends.map((endByte, n) => ({ n, endByte }))
  expect(await readFrom(file, 0)).toEqual(all)
  expect(await readFrom(file, ends[249] as number)).toEqual(all.slice(250))
  expect(await readFrom(file, file.sizeBytes)).toEqual([])
  expect(await readFrom(new LineFile(path, shape), 0)).toEqual(all)
})

test('is read from near the first of the values wanted on, and few others are looked at for that', async () => {
  using folder = scratch()
  const path = join(folder.path, 'lines')
  let looked = 0
  const file = new LineFile(path, (read) => {
    looked++
    return shape(read)
  })
  const ends = [0]
  for (let n = 0; n < 300; n++) {
    if (n % 50 === 49) appendFileSync(path, 'garbage\n')
    file.append({ n, text: 'é'.repeat(n * 5) }, { isFlushed: false })
    ends.push(file.sizeBytes)
  }
  const longest = Math.max(...ends.slice(1).map((end, n) => end - (ends[n] as number)))
  for (let n = 0; n <= 300; n += 6) {
    looked = 0
    const start = await file.startOf((one) => one.n < n)
    // 450 kB are halved three times until 64 KiB hold what is left; a line that cannot be read is not looked at.
    expect(looked).toBeLessThanOrEqual(3)
    const first = ends[n] as number
    expect(start).toBeLessThanOrEqual(first)
    expect(start).toBeGreaterThanOrEqual(first - 65_536 - longest)
    const wanted = (await readFrom(file, start)).map((one) => one.n).filter((one) => one >= n)
    expect(wanted).toEqual(Array.from({ length: 300 - n }, (_, i) => n + i))
  }
})

test('what is added while it is read is read too, and a half written line is not', async () => {
  using folder = scratch()
  const path = join(folder.path, 'lines')
  const file = new LineFile(path, shape)
  file.append(value(0), { isFlushed: false })
  const seen: number[] = []
  for await (const { value: read } of file.read(0)) {
    seen.push(read.n)
    if (read.n < 3) file.append(value(read.n + 1), { isFlushed: false })
    else appendFileSync(path, '{"n":4')
  }
  expect(seen).toEqual([0, 1, 2, 3])
})

test('holds nothing where there is no file', async () => {
  using folder = scratch()
  const file = new LineFile(join(folder.path, 'none'), shape)
  expect([file.load(), file.sizeBytes, await readFrom(file, 0)]).toEqual([[], 0, []])
  expect(await file.startOf(() => true)).toBe(0)
})
