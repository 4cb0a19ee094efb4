import { type Hex, toHex } from '@allod/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { orderLabel, orderOfLabel } from './orderName.ts'

test('a label is base32 as RFC 4648 writes it', () => {
  const foobar: Hex = `0x${Buffer.from('foobar'.padEnd(32, '\0')).toString('hex')}`
  expect(orderLabel(foobar).startsWith('mzxw6ytboi')).toBe(true)
  expect(orderLabel(foobar)).toMatch(/^[a-z2-7]{52}$/)
})

test('every order id has one label, and every label one order id', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      expect(orderOfLabel(orderLabel(toHex(bytes)))).toBe(toHex(bytes))
    }),
  )
})

test('what is not a label, or not in its only spelling, names nothing', () => {
  const label = orderLabel(`0x${'00'.repeat(32)}`)
  for (const text of [
    '',
    'a',
    label.toUpperCase(),
    `${label}a`,
    label.slice(1),
    `${label.slice(0, -1)}b`,
    `${label.slice(0, -1)}1`,
  ])
    expect(orderOfLabel(text)).toBe(null)
})
