import { appendFileSync, mkdirSync, readFileSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GuestEvent, OrderEvent, ReportRequest } from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import { fill, sampleBeat, sampleJob, sampleReport, scratch } from '../testing/samples.ts'
import { OrderFile } from './OrderFile.ts'

const job = sampleJob()
const event = (phase: GuestEvent['phase']): GuestEvent => ({ phase, detail: null, sealed: null })
const forever = new AbortController().signal

async function eventsOf(file: OrderFile, waits = false, signal = forever): Promise<OrderEvent[]> {
  const seen: OrderEvent[] = []
  for await (const one of file.eventsFrom(0, { waits, signal })) seen.push(one)
  return seen
}
const phasesOf = async (file: OrderFile) => (await eventsOf(file)).map((e) => e.event.phase)

async function saidWhile(work: () => Promise<void>): Promise<readonly string[]> {
  const said: string[] = []
  const write = process.stderr.write
  process.stderr.write = (text: string | Uint8Array) => said.push(String(text)) > 0
  try {
    await work()
  } finally {
    process.stderr.write = write
  }
  return said
}

describe('an order’s file', () => {
  test('keeps its job and its events when it is opened again', async () => {
    using folder = scratch()
    const file = new OrderFile(join(folder.path, 'one'), job)
    file.append(1, event('launched'))
    file.append(2, event('started'))
    const [again, ...others] = OrderFile.all(folder.path)
    expect(others).toEqual([])
    expect(again?.job).toEqual(job)
    expect(again && (await eventsOf(again))).toEqual(await eventsOf(file))
    expect((await eventsOf(file)).map((e) => [e.seq, e.generation])).toEqual([
      [0, 1],
      [1, 2],
    ])
  })

  test('forgets a torn last line, and goes on after the whole ones', async () => {
    using folder = scratch()
    const path = join(folder.path, 'one')
    new OrderFile(path, job).append(1, event('launched'))
    const log = join(path, 'events.ndjson')
    appendFileSync(log, readFileSync(log, 'utf8').slice(0, 40))
    const torn = new OrderFile(path, job)
    expect(await phasesOf(torn)).toEqual(['launched'])
    torn.append(1, event('started'))
    expect(await phasesOf(new OrderFile(path, job))).toEqual(['launched', 'started'])
  })

  test('keeps its report and its beats when an event cannot be read, and numbers go on after it', async () => {
    using folder = scratch()
    const path = join(folder.path, 'one')
    const file = new OrderFile(path, job)
    file.append(1, event('launched'))
    file.append(1, event('started'))
    file.append(1, event('granted'))
    file.saveReport(sampleReport())
    file.saveBeat(sampleBeat(0, 10))
    const log = join(path, 'events.ndjson')
    const [first, second, third] = readFileSync(log, 'utf8').split('\n') as [string, string, string]
    writeFileSync(log, `${first}\n${second.slice(0, 40)}\n${third}\n`)
    const [again] = OrderFile.all(folder.path)
    expect(again?.report()).toEqual(sampleReport())
    expect(again?.beatsAfter(0)).toEqual([sampleBeat(0, 10)])
    again?.append(2, event('failed'))
    const told = async (seq: number) => {
      const seen: number[] = []
      for await (const one of again?.eventsFrom(seq, { waits: false, signal: forever }) ?? []) seen.push(one.seq)
      return seen
    }
    expect([await told(0), await told(1), await told(3), await told(4)]).toEqual([[0, 2, 3], [2, 3], [3], []])
  })

  test('tells and numbers no event that the disk did not take', async () => {
    using folder = scratch()
    const path = join(folder.path, 'one')
    const file = new OrderFile(path, job)
    file.append(1, event('launched'))
    const log = join(path, 'events.ndjson')
    renameSync(log, `${log}.away`)
    symlinkSync('/dev/full', log)
    file.append(1, event('started'))
    unlinkSync(log)
    renameSync(`${log}.away`, log)
    file.append(1, event('granted'))
    expect((await eventsOf(file)).map((e) => [e.seq, e.event.phase])).toEqual([
      [0, 'launched'],
      [1, 'granted'],
    ])
    expect(await eventsOf(new OrderFile(path, job))).toEqual(await eventsOf(file))
  })

  test('that is over is read from disk, and nothing is added to it', async () => {
    using folder = scratch()
    const path = join(folder.path, 'one')
    const file = new OrderFile(path, job)
    for (const phase of ['launched', 'started', 'ended'] as const) file.append(1, event(phase))
    file.saveBeat(sampleBeat(0, 10))
    file.end()
    file.append(1, event('failed'))
    const [again] = OrderFile.all(folder.path)
    for (const one of [file, again as OrderFile]) {
      expect(await phasesOf(one)).toEqual(['launched', 'started', 'ended'])
      expect([one.isOver, one.job, one.beatsAfter(0)]).toEqual([true, job, []])
    }
    const log = join(path, 'events.ndjson')
    const lines = readFileSync(log, 'utf8')
    writeFileSync(log, lines.replace('launched', 'reported'))
    expect(await phasesOf(file)).toEqual(['reported', 'started', 'ended'])
  })

  test('is not read from its first event on by who asks for a later one', async () => {
    using folder = scratch()
    const path = join(folder.path, 'one')
    const file = new OrderFile(path, job)
    const sealed = { enc: fill(32, 1), ciphertext: fill(16_384, 2) }
    for (let i = 0; i < 40; i++) file.append(1, { phase: 'running', detail: null, sealed })
    const log = join(path, 'events.ndjson')
    const lines = readFileSync(log, 'utf8').split('\n')
    // Who reads a line that is damaged says so.
    const damage = (count: number): void =>
      writeFileSync(log, lines.map((line, i) => (i < count ? 'x'.repeat(line.length) : line)).join('\n'))
    const asks = async (of: OrderFile, seqs: readonly number[]): Promise<[number[][], number]> => {
      const told: number[][] = []
      const said = await saidWhile(async () => {
        for (const seq of seqs)
          told.push((await Array.fromAsync(of.eventsFrom(seq, { waits: false, signal: forever }))).map((e) => e.seq))
      })
      return [told, said.length]
    }
    const beyond = [40, 41, 4_294_967_295, Number.MAX_SAFE_INTEGER]
    damage(40)
    expect(await asks(file, beyond)).toEqual([[[], [], [], []], 0])
    damage(15)
    expect(await asks(file, [37])).toEqual([[[37, 38, 39]], 0])
    file.end()
    const [over] = OrderFile.all(folder.path) as [OrderFile]
    expect(await asks(over, [37, ...beyond])).toEqual([[[37, 38, 39], [], [], [], []], 0])
    expect(await asks(over, [0])).toEqual([[Array.from({ length: 25 }, (_, i) => 15 + i)], 1])
  })

  test('takes so much of events and no more, not of ends either, but for the last one', async () => {
    using folder = scratch()
    const file = new OrderFile(join(folder.path, 'one'), job, { maxEventBytes: 300 })
    for (let i = 0; i < 10; i++) file.append(1, event('running'))
    for (let i = 0; i < 10; i++) file.append(1, event('ended'))
    expect(await phasesOf(file)).toEqual(['running', 'running'])
    file.append(1, event('ended'), { isLast: true })
    expect(await phasesOf(file)).toEqual(['running', 'running', 'ended'])
    expect((await eventsOf(file)).map((e) => e.seq)).toEqual([0, 1, 2])
  })

  test('whose job is damaged is whole again once its buyer sends it again', async () => {
    using folder = scratch()
    const path = join(folder.path, 'one')
    new OrderFile(path, job).append(1, event('launched'))
    writeFileSync(join(path, 'job.json'), '{"order":')
    expect(OrderFile.all(folder.path)).toEqual([])
    const sent = new OrderFile(path, job)
    expect(OrderFile.all(folder.path).map((file) => file.job)).toEqual([job])
    sent.end()
    expect(sent.job).toEqual(job)
    expect(await phasesOf(sent)).toEqual(['launched'])
  })

  test('is opened on a disk that takes nothing', () => {
    using folder = scratch()
    const path = join(folder.path, 'one')
    new OrderFile(path, job).saveReport(sampleReport())
    mkdirSync(join(path, 'job.json.part'))
    expect(OrderFile.all(folder.path).map((file) => file.report())).toEqual([sampleReport()])
  })

  test('holds no orders where there is no folder', () => {
    using folder = scratch()
    expect(OrderFile.all(join(folder.path, 'none'))).toEqual([])
  })

  test('keeps the report', () => {
    using folder = scratch()
    const path = join(folder.path, 'one')
    const file = new OrderFile(path, job)
    expect(file.report()).toBeNull()
    const report: ReportRequest = {
      envelope: {
        payloadType: 'application/vnd.in-toto+json',
        payload: 'e30',
        signatures: [{ keyid: fill(20, 1), sig: fill(65, 2) }],
      },
      reported: { order: job.order, generation: 1, reportHash: fill(32, 3), lineage: fill(32, 0) },
      signature: fill(65, 4),
      derived: null,
      manifests: {},
    }
    file.saveReport(report)
    expect(new OrderFile(path, job).report()).toEqual(report)
  })
})

describe('someone who waits', () => {
  test('is told what is new, until the order ends', async () => {
    using folder = scratch()
    const file = new OrderFile(join(folder.path, 'one'), job)
    file.append(1, event('launched'))
    const told = eventsOf(file, true)
    file.append(1, event('started'))
    setImmediate(() => {
      file.append(1, event('ended'))
      file.end()
    })
    expect((await told).map((e) => e.event.phase)).toEqual(['launched', 'started', 'ended'])
  })

  test('for an event that is not there yet is told of that one, and of none before it', async () => {
    using folder = scratch()
    const file = new OrderFile(join(folder.path, 'one'), job)
    file.append(1, event('launched'))
    const told = Array.fromAsync(file.eventsFrom(2, { waits: true, signal: forever }))
    setImmediate(() => {
      file.append(1, event('started'))
      file.append(1, event('granted'))
      file.end()
    })
    expect((await told).map((e) => e.event.phase)).toEqual(['granted'])
  })

  test('may leave before anything is new', async () => {
    using folder = scratch()
    const leaves = new AbortController()
    const told = eventsOf(new OrderFile(join(folder.path, 'one'), job), true, leaves.signal)
    setImmediate(() => leaves.abort())
    expect(await told).toEqual([])
  })
})
