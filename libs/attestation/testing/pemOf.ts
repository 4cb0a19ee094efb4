import { concat, utf8 } from '@allod/protocol'

/** PEM blocks as vendors write them. */
export function pemOf(label: string, ...blocks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const one = (der: Uint8Array): string => {
    const text = btoa(Array.from(der, (b) => String.fromCharCode(b)).join(''))
    return `-----BEGIN ${label}-----\n${(text.match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${label}-----\n`
  }
  return concat(...blocks.map((der) => utf8(one(der))))
}
