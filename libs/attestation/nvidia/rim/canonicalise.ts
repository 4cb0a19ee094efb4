import type { XmlAttribute, XmlElement, XmlNamespace } from './xml.ts'

/**
 * Canonical XML 1.1 (http://www.w3.org/2006/12/xml-c14n11), without comments, of what `parseXml` lets through. There a prefix
 * is declared once on a path, so no declaration is superfluous, and no character needs an escape.
 * @param options.inherited namespaces in scope of `element`, where it is not the document's root
 * @param options.without the element left out: the signature, by the transform enveloped-signature
 */
export function canonicalise(
  element: XmlElement,
  options: { readonly inherited?: readonly XmlNamespace[]; readonly without?: XmlElement } = {},
): string {
  const { prefix, local, attributes, children } = element
  const name = prefix === '' ? local : `${prefix}:${local}`
  const namespaces = canonicalNamespaces([...(options.inherited ?? []), ...element.namespaces])
  const content = children
    .filter((child) => child !== options.without)
    .map((child) => (typeof child === 'string' ? child : canonicalise(child)))
  return `<${name}${namespaces}${canonicalAttributes(attributes)}>${content.join('')}</${name}>`
}

/** Declarations as they are written: by prefix, the default first. */
export const canonicalNamespaces = (namespaces: readonly XmlNamespace[]): string =>
  [...namespaces]
    .sort((a, b) => order(a.prefix, b.prefix))
    .map(({ prefix, uri }) => ` xmlns${prefix === '' ? '' : `:${prefix}`}="${uri}"`)
    .join('')

// By namespace, then by local name; those without a namespace come first.
const canonicalAttributes = (attributes: readonly XmlAttribute[]): string =>
  [...attributes]
    .sort((a, b) => order(a.uri, b.uri) || order(a.local, b.local))
    .map(({ prefix, local, value }) => ` ${prefix === '' ? local : `${prefix}:${local}`}="${value}"`)
    .join('')

// Names and namespaces are ASCII, where UTF-16 units order as code points do.
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
