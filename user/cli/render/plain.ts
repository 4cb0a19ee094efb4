/** What a terminal obeys instead of showing it, or reads backwards: control characters and bidirectional overrides. */
const OBEYED = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu

/** Text as a terminal may be given it, whoever wrote it: lines and tabs stay, and nothing else that it would obey. */
export const plain = (text: string): string => text.replace(/\r\n/g, '\n').replace(OBEYED, '\ufffd')

/** Foreign words in one line: they can begin none that looks like ours. */
export const oneLine = (text: string): string => plain(text.replace(/[\n\t\u2028\u2029]+/g, ' '))

/** A document as JSON that is safe to show and still the same document. */
export const plainJson = (value: unknown, indent?: number): string =>
  (JSON.stringify(value, null, indent) ?? 'null').replace(
    OBEYED,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
