import { expect, test } from 'vitest'
import { addressOf } from './addressOf.ts'

// From EIP-55 itself.
const vectors = [
  '0x52908400098527886E0F7030069857D2E4169EE7',
  '0x8617E340B3D01FA5F11F306F4090FD50E238070D',
  '0xde709f2102306220921060314715629080e2fb77',
  '0x27b1fdb04752bbc536007a920d24acb045561c26',
  '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
  '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
  '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
  '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
]

test('takes an address whose checksum holds, or that carries none', () => {
  for (const given of vectors) expect(addressOf('to', given)).toBe(given.toLowerCase())
  expect(vectors.length).toBe(8)
  const [, , , , mixed = ''] = vectors
  expect(addressOf('to', mixed.toLowerCase())).toBe(mixed.toLowerCase())
})

test('refuses an address in which a digit was mistyped', () => {
  for (const given of [
    '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeE',
    '0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
    '5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
    '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe',
    'ada.eth',
    '',
  ])
    expect(() => addressOf('to', given), given).toThrow(expect.objectContaining({ code: 'cli/bad-usage' }))
})
