import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GuestEvent, OrderEvent, ReportRequest } from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import { fill, sampleJob, scratch } from '../testing/samples.ts'
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

  test('may leave before anything is new', async () => {
    using folder = scratch()
    const leaves = new AbortController()
    const told = eventsOf(new OrderFile(join(folder.path, 'one'), job), true, leaves.signal)
    setImmediate(() => leaves.abort())
    expect(await told).toEqual([])
  })
})
