import { linkSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newSigningKey, orderId, signAgentCard, specHash } from '@allod/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { OrderRecord } from '../order/orderRecord.ts'
import { fill, sampleReport } from '../testing/sampleReport.ts'
import { openAgentBook } from './agentBook.ts'
import { openOrderBook } from './orderBook.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'allod-books-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const { predicate } = await sampleReport()

function sampleRecord(salt: number, placedAt: number): OrderRecord {
  const terms = { ...predicate.terms, salt: fill(32, salt) }
  return {
    version: 1,
    order: orderId(terms),
    network: 'devnet',
    wallet: 'developer',
    placedAt,
    labels: ['compute'],
    provider: { url: 'http://127.0.0.1:1', address: fill(20, 1) },
    terms,
    spec: predicate.spec,
    committee: predicate.committee,
    manifests: {},
    transaction: null,
  }
}

test('keeps orders, oldest first, and finds them by the beginning of their id', async () => {
  const book = openOrderBook(join(folder, 'orders'))
  const [first, second] = [sampleRecord(1, 10), sampleRecord(2, 5)]
  await book.save(first)
  await book.save(second)
  expect((await book.list()).map((r) => r.order)).toEqual([second.order, first.order])
  expect(await book.get(first.order.slice(0, 14))).toEqual(first)
  expect(await book.get('last')).toEqual(first)
  expect(first.terms.specHash).toBe(specHash(first.spec))
})

test('the last of two orders of one second is the one that was kept last', async () => {
  const book = openOrderBook(folder)
  const [one, other] = [sampleRecord(1, 10), sampleRecord(2, 10)]
  for (const [first, second, at] of [
    [one, other, 1000],
    [other, one, 2000],
  ] as const) {
    await book.save(first)
    await book.save(second)
    utimesSync(join(folder, `${first.order}.json`), at, at)
    utimesSync(join(folder, `${second.order}.json`), at, at + 0.02)
    expect(await book.get('last')).toEqual(second)
  }
})

test('lists every order there is, however many', async () => {
  const book = openOrderBook(folder)
  const record = sampleRecord(1, 10)
  await book.save(record)
  // One file under many names stands for as many orders.
  const count = 301
  for (let i = 1; i < count; i++)
    linkSync(join(folder, `${record.order}.json`), join(folder, `0x${String(i).padStart(64, '0')}.json`))
  expect(await book.list()).toHaveLength(count)
})

test('refuses an order it does not know, or cannot tell from another', async () => {
  const book = openOrderBook(folder)
  await expect(book.get('last')).rejects.toMatchObject({ code: 'sdk/unknown-order' })
  await expect(book.get('0x12')).rejects.toMatchObject({ code: 'sdk/unknown-order' })
  const same = sampleRecord(1, 1)
  await book.save(same)
  // Two ids with the same six digits are too rare to wait for: the same record under two names stands for them.
  writeFileSync(join(folder, `0x${'f'.repeat(64)}.json`), JSON.stringify(same))
  await expect(book.get(same.order.slice(0, 8))).rejects.toMatchObject({ code: 'sdk/ambiguous-order' })
})

test('refuses a record whose parts do not belong together', async () => {
  const record = sampleRecord(1, 1)
  writeFileSync(join(folder, `${record.order}.json`), JSON.stringify({ ...record, order: fill(32, 9) }))
  await expect(openOrderBook(folder).list()).rejects.toMatchObject({ code: 'protocol/order-terms-mismatch' })
})

test('pins agent cards, and refuses one that rolls back', async () => {
  const book = openAgentBook(join(folder, 'agents'))
  const key = newSigningKey()
  const body = { name: 'helper', objects: [], engine: fill(32, 1) }
  const [old, newer] = [
    signAgentCard(key, { ...body, orders: [fill(32, 1)] }),
    signAgentCard(key, { ...body, orders: [fill(32, 1), fill(32, 2)] }),
  ]
  expect(await book.find('helper')).toBeNull()
  await book.save(old)
  await book.save(newer)
  expect(await book.get('helper')).toEqual(newer)
  expect(await book.list()).toEqual([newer])
  await expect(book.save(old)).rejects.toMatchObject({ code: 'protocol/card-rolled-back' })
  await expect(book.get('nobody')).rejects.toMatchObject({ code: 'sdk/unknown-agent' })
  await expect(book.get('../helper')).rejects.toMatchObject({ code: 'sdk/unknown-agent' })
})
