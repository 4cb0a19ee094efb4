import type { Hex } from '@allod/protocol'
import { fail } from './errors.ts'
import type { XmlElement } from './xml.ts'

/** What a manifest says. */
export type Manifest = {
  /** The SWID tag's own id. Revisions of one version have been signed under the same id. */
  readonly id: string
  readonly kind: 'driver' | 'vbios'
  readonly edition: 'GPU' | 'SWITCH'
  /** GH100, GB100, LS10, … A manifest of another chip is no reference for this one. */
  readonly chip: string
  /** Of the driver, as 550.144.03, or of the VBIOS, as 96.00.5E.00.01 (Meta colloquialVersion). */
  readonly version: string
  /** The active measurements by their index from 0: any one of the values is right, 48 bytes each. */
  readonly values: ReadonlyMap<number, readonly Hex[]>
}

const SWID = 'http://standards.iso.org/iso/19770/-2/2015/schema.xsd'
const SHA384 = 'http://www.w3.org/2001/04/xmlenc#sha384'
const MAX_MEASUREMENTS = 256
const MAX_ALTERNATIVES = 32

/**
 * Reads a manifest's payload out of the tree whose signature was verified (SWID, ISO 19770-2:2015, with the attributes of TCG's
 * RIM information model). A resource of a type that is not known is refused: it may be a value to be held against.
 * @throws rim/bad-manifest
 */
export function readManifest(root: XmlElement): Manifest {
  if (root.uri !== SWID || root.local !== 'SoftwareIdentity') throw bad('a SoftwareIdentity', root.local)
  const meta = attributesOf(only(root, 'Meta'))
  const version = field(meta, 'colloquialVersion', /^[0-9A-Fa-f.]{3,32}$/)
  return {
    id: field(attributesOf(root), 'tagId', /^[\x21-\x7e]{1,128}$/),
    kind: kindOf(version),
    edition: field(meta, 'edition', /^(GPU|SWITCH)$/) as Manifest['edition'],
    chip: field(meta, 'product', /^[A-Z0-9]{1,16}$/),
    version,
    values: valuesOf(only(root, 'Payload')),
  }
}

// Only the version tells them apart: five bytes in hex of a VBIOS, two or three numbers of a driver.
function kindOf(version: string): Manifest['kind'] {
  if (/^[0-9A-Fa-f]{2}(\.[0-9A-Fa-f]{2}){4}$/.test(version)) return 'vbios'
  if (/^[0-9]{3,4}(\.[0-9]{1,4}){1,2}$/.test(version)) return 'driver'
  throw bad('the version of a driver or a VBIOS', version)
}

function valuesOf(payload: XmlElement): ReadonlyMap<number, readonly Hex[]> {
  const resources = payload.children.filter((child) => typeof child === 'object')
  const values = new Map<number, readonly Hex[]>()
  const seen = new Set<number>()
  for (const resource of resources) {
    const { index, isActive, alternatives } = readResource(resource)
    if (seen.has(index)) throw bad('each index once', index)
    seen.add(index)
    if (isActive) values.set(index, alternatives)
  }
  // A manifest that demands nothing would be met by any device.
  if (values.size === 0) throw bad('an active measurement', 'none')
  return values
}

function readResource(resource: XmlElement) {
  if (resource.uri !== SWID || resource.local !== 'Resource' || resource.children.length > 0)
    throw bad('a Resource', resource.local)
  const own = attributesOf(resource)
  field(own, 'type', /^Measurement$/)
  field(own, 'size', /^48$/)
  const index = Number(field(own, 'index', /^(0|[1-9][0-9]{0,2})$/))
  const count = Number(field(own, 'alternatives', /^[1-9][0-9]?$/))
  if (index >= MAX_MEASUREMENTS || count > MAX_ALTERNATIVES) throw bad('a measurement within bounds', index)
  const hashes = new Map(resource.attributes.filter((a) => a.uri === SHA384).map((a) => [a.local, a.value]))
  if (own.size + count !== resource.attributes.length) throw bad(`${count} hashes`, hashes.size)
  const alternatives = Array.from(
    { length: count },
    (_, i) => `0x${field(hashes, `Hash${i}`, /^[0-9a-f]{96}$/)}` as Hex,
  )
  return { index, isActive: field(own, 'active', /^(True|False)$/) === 'True', alternatives }
}

// Attributes without a namespace.
const attributesOf = (element: XmlElement): ReadonlyMap<string, string> =>
  new Map(element.attributes.filter((a) => a.uri === '').map((a) => [a.local, a.value]))

function only(root: XmlElement, local: string): XmlElement {
  const [found, ...others] = root.children.filter(
    (child): child is XmlElement => typeof child === 'object' && child.uri === SWID && child.local === local,
  )
  if (found === undefined || others.length > 0) throw bad(`one ${local}`, others.length)
  return found
}

function field(attributes: ReadonlyMap<string, string>, name: string, pattern: RegExp): string {
  const value = attributes.get(name)
  if (value === undefined || !pattern.test(value)) throw bad(`${name} like ${pattern.source}`, value)
  return value
}

const bad = (expected: string, actual: unknown) =>
  fail('bad-manifest', { expected, actual: typeof actual === 'string' ? actual.slice(0, 80) : actual })
