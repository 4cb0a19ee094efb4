import { utf8 } from '@allod/protocol'
import { expect, test } from 'vitest'
import { canonicalise } from './canonicalise.ts'
import { parseXml, type XmlElement } from './xml.ts'

const canonical = (text: string): string => canonicalise(parseXml(utf8(text)))

test('an empty element has a start and an end', () => {
  expect(canonical('<a/>\n')).toBe('<a></a>')
})

test('namespaces go before attributes, the default first, the rest by prefix', () => {
  expect(canonical('<a c="1" xmlns:z="urn:1" xmlns="urn:2" xmlns:b="urn:3"/>')).toBe(
    '<a xmlns="urn:2" xmlns:b="urn:3" xmlns:z="urn:1" c="1"></a>',
  )
})

test('attributes go by namespace, not by prefix, and those without one first', () => {
  expect(canonical('<a xmlns:b="urn:2" xmlns:c="urn:1" b:e="1" c:f="2" c:d="3" z="4" y="5"/>')).toBe(
    '<a xmlns:b="urn:2" xmlns:c="urn:1" y="5" z="4" c:d="3" c:f="2" b:e="1"></a>',
  )
})

test('text stays as it is, and so does white space', () => {
  expect(canonical('<a> \n\t<b>"ü" \'>\'</b></a>'.replace("'>'", "''"))).toBe('<a> \n\t<b>"ü" \'\'</b></a>')
})

test('an element taken out of its document carries the namespaces that it stood in', () => {
  const root = parseXml(utf8('<a xmlns="urn:1" xmlns:b="urn:2"><b:c xmlns:d="urn:3"><d:e/></b:c></a>'))
  const inner = root.children[0] as XmlElement
  expect(canonicalise(inner, { inherited: root.namespaces })).toBe(
    '<b:c xmlns="urn:1" xmlns:b="urn:2" xmlns:d="urn:3"><d:e></d:e></b:c>',
  )
})

test('what is left out leaves the text around it', () => {
  const root = parseXml(utf8('<a>1<b/>2</a>'))
  expect(canonicalise(root, { without: root.children[1] as XmlElement })).toBe('<a>12</a>')
})
