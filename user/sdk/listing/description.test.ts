import { expect, test } from 'vitest'
import { descriptionShape } from './description.ts'

const description = { version: 1, kind: 'model', name: 'ada', summary: 'a model, 模型, é', facts: { layers: '2' } }

test('takes words in any script', () => {
  expect(descriptionShape(description)).toEqual(description)
  expect(descriptionShape({ ...description, name: 'ada 2', summary: '' })).toMatchObject({ name: 'ada 2', summary: '' })
})

test('refuses words that a terminal would obey, or that turn the direction of others: protocol/bad-shape', () => {
  const code = 'protocol/bad-shape'
  for (const c of ['\u0000', '\n', '\r', '\t', '\u001b]52;c;aGk=\u0007', '\u007f', '\u009b', '\u202e', '\u2067'])
    for (const words of [{ name: `a${c}b` }, { summary: `a${c}b` }, { summary: `a${c}` }, { facts: { layers: c } }])
      expect(() => descriptionShape({ ...description, ...words })).toThrow(expect.objectContaining({ code }))
  for (const name of ['', ' ada', 'ada '])
    expect(() => descriptionShape({ ...description, name })).toThrow(expect.objectContaining({ code }))
})
