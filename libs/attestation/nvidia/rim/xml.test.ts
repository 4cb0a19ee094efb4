import { utf8 } from '@allod/protocol'
import { expect, test } from 'vitest'
import { parseXml } from './xml.ts'

test('an attribute that is called xmlns under a prefix declares nothing', () => {
  const { attributes, namespaces } = parseXml(utf8('<a xmlns:b="urn:b" b:xmlns="urn:c"/>'))
  expect(attributes).toEqual([{ prefix: 'b', local: 'xmlns', uri: 'urn:b', value: 'urn:c' }])
  expect(namespaces).toEqual([{ prefix: 'b', uri: 'urn:b' }])
})
