import { utf8 } from '@allod/protocol'
import { expect, test } from 'vitest'
import { codeOf } from '../testing/codeOf.ts'
import { parseStrictJson } from './strictJson.ts'

test('JSON may have as many bytes as is said, and not one more', async () => {
  expect(parseStrictJson(utf8('[1]'), 3)).toEqual([1])
  expect(await codeOf(() => parseStrictJson(utf8('[1]'), 2))).toBe('tdx/bad-json')
})
