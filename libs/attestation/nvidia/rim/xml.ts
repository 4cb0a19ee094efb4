import { fromUtf8 } from '@allod/protocol'
import { fail } from './errors.ts'

/** A namespace declared on an element; prefix `''` is the default namespace. */
export type XmlNamespace = { readonly prefix: string; readonly uri: string }

/** An attribute; `uri` is `''` without a prefix, as the default namespace does not apply to attributes. */
export type XmlAttribute = {
  readonly prefix: string
  readonly local: string
  readonly uri: string
  readonly value: string
}

export type XmlElement = {
  readonly prefix: string
  readonly local: string
  readonly uri: string
  /** Declared on this very element. */
  readonly namespaces: readonly XmlNamespace[]
  readonly attributes: readonly XmlAttribute[]
  readonly children: readonly (XmlElement | string)[]
}

// The largest manifest recorded has 26 KB, 73 elements and six levels.
const MAX_BYTES = 256 << 10
const MAX_DEPTH = 16
const MAX_ELEMENTS = 2048
const MAX_ATTRIBUTES = 64

const NAME = '[A-Za-z_][A-Za-z0-9_.-]*'
const QNAME = `(?:(${NAME}):)?(${NAME})`
// One space before each attribute, none elsewhere, double quotes. Line breaks in a value would be normalised: refused instead.
const VALUE = '"([^<&"\\t\\n]*)"'
const OPEN = new RegExp(`<${QNAME}`, 'y')
const ATTRIBUTE = new RegExp(` ${QNAME}=${VALUE}`, 'y')

/**
 * Parses the part of XML 1.0 and its namespaces that NVIDIA's manifests use, and refuses everything else: declarations, DTDs,
 * entities and character references, comments, processing instructions, CDATA, carriage returns, `xml:` attributes, prefixes
 * declared twice on one path. So what is parsed has one reading, and its canonical form needs no escapes.
 * @throws rim/too-large, rim/bad-xml
 */
export function parseXml(bytes: Uint8Array): XmlElement {
  if (bytes.length > MAX_BYTES) throw fail('too-large', { expected: `<= ${MAX_BYTES} bytes`, actual: bytes.length })
  const cursor: Cursor = { text: decode(bytes), at: 0, elements: 0 }
  const root = readElement(cursor, new Map(), 1)
  match(cursor, /\n*/y)
  if (cursor.at !== cursor.text.length) throw bad(cursor, 'the end')
  return root
}

type Cursor = { readonly text: string; at: number; elements: number }
type Scope = ReadonlyMap<string, string>
type Written = Omit<XmlAttribute, 'uri'>

function decode(bytes: Uint8Array): string {
  let text: string
  try {
    text = fromUtf8(bytes)
  } catch (cause) {
    throw fail('bad-xml', { expected: 'UTF-8', cause })
  }
  // XML 1.0 Char without carriage return and C1 controls; surrogates come in pairs out of a strict decoder.
  const odd = /[^\t\n\x20-\x7e\u00a0-\ufffd]/.exec(text)
  if (odd !== null) throw bad({ text, at: odd.index, elements: 0 }, 'plain characters')
  return text
}

function readElement(cursor: Cursor, outer: Scope, depth: number): XmlElement {
  if (depth > MAX_DEPTH) throw fail('too-large', { expected: `<= ${MAX_DEPTH} levels` })
  if (++cursor.elements > MAX_ELEMENTS) throw fail('too-large', { expected: `<= ${MAX_ELEMENTS} elements` })
  const [open = '', prefix = '', local = ''] = expect(cursor, OPEN, 'an element')
  const written = readAttributes(cursor)
  const namespaces = written.filter(isDeclaration).map((a) => readNamespace(cursor, a, outer))
  const scope: Scope = new Map([...outer, ...namespaces.map((n) => [n.prefix, n.uri] as const)])
  const attributes = written
    .filter((a) => !isDeclaration(a))
    .map((a) => ({ ...a, uri: a.prefix === '' ? '' : uriOf(cursor, a.prefix, scope) }))
  refuseRepeats(cursor, [...attributes.map((a) => `${a.uri} ${a.local}`), ...namespaces.map((n) => n.prefix)])
  const uri = prefix === '' ? (scope.get('') ?? '') : uriOf(cursor, prefix, scope)
  const isEmpty = expect(cursor, /\/?>/y, 'the end of a tag')[0] === '/>'
  const children = isEmpty ? [] : readChildren(cursor, `</${open.slice(1)}>`, scope, depth)
  return { prefix, local, uri, namespaces, attributes, children }
}

function readAttributes(cursor: Cursor): readonly Written[] {
  const found: Written[] = []
  for (let m = match(cursor, ATTRIBUTE); m !== null; m = match(cursor, ATTRIBUTE)) {
    if (found.length === MAX_ATTRIBUTES) throw fail('too-large', { expected: `<= ${MAX_ATTRIBUTES} attributes` })
    found.push({ prefix: m[1] ?? '', local: m[2] ?? '', value: m[3] ?? '' })
  }
  return found
}

const isDeclaration = (a: Written): boolean => a.prefix === 'xmlns' || (a.prefix === '' && a.local === 'xmlns')

function readNamespace(cursor: Cursor, { prefix, local, value }: Written, outer: Scope): XmlNamespace {
  const declared = prefix === '' ? '' : local
  // Canonical XML fails on relative URIs; `xml…` is reserved; an inner declaration would hide an outer one.
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+$/.test(value)) throw bad(cursor, 'an absolute namespace')
  if (/^xml/i.test(declared) || outer.has(declared)) throw bad(cursor, 'a prefix declared once')
  return { prefix: declared, uri: value }
}

function readChildren(cursor: Cursor, close: string, scope: Scope, depth: number): readonly (XmlElement | string)[] {
  const children: (XmlElement | string)[] = []
  for (;;) {
    const text = match(cursor, /[^<>&]+/y)
    if (text !== null) children.push(text[0])
    if (cursor.text.startsWith(close, cursor.at)) {
      cursor.at += close.length
      return children
    }
    children.push(readElement(cursor, scope, depth + 1))
  }
}

function uriOf(cursor: Cursor, prefix: string, scope: Scope): string {
  const uri = scope.get(prefix)
  if (uri === undefined) throw bad(cursor, 'a declared prefix')
  return uri
}

function refuseRepeats(cursor: Cursor, names: readonly string[]): void {
  if (new Set(names).size !== names.length) throw bad(cursor, 'each attribute once')
}

function expect(cursor: Cursor, pattern: RegExp, what: string): RegExpExecArray {
  const found = match(cursor, pattern)
  if (found === null) throw bad(cursor, what)
  return found
}

function match(cursor: Cursor, pattern: RegExp): RegExpExecArray | null {
  pattern.lastIndex = cursor.at
  const found = pattern.exec(cursor.text)
  if (found !== null) cursor.at = pattern.lastIndex
  return found
}

const bad = ({ text, at }: Cursor, expected: string) =>
  fail('bad-xml', { expected, actual: text.slice(at, at + 32), meta: { at } })
