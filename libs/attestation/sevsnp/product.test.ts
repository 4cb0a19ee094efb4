import { expect, test } from 'vitest'
import { codeOf } from '../testing/codeOf.ts'
import { productOfCpuid } from './product.ts'

test.each([
  [0x19, 0x0f, 'Milan'],
  [0x19, 0x10, 'Genoa'],
  [0x19, 0x1f, 'Genoa'],
  [0x19, 0xa0, 'Genoa'],
  [0x19, 0xaf, 'Genoa'],
  [0x1a, 0x1f, 'Turin'],
])('family %i, model %i is %s', (family, model, product) => {
  expect(productOfCpuid({ family, model })).toBe(product)
})

test.each([
  [0x18, 0x00],
  [0x18, 0x10],
  [0x19, 0x20],
  [0x19, 0x9f],
  [0x19, 0xb0],
  [0x1a, 0x20],
  [0x1a, 0xa0],
])('family %i, model %i is not known', async (family, model) => {
  expect(await codeOf(() => productOfCpuid({ family, model }))).toBe('sevsnp/unknown-product')
})
