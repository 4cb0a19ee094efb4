import { toHex } from '@allod/protocol'
import type { SevSnpProduct, SevSnpTcb } from './claims.ts'
import { fail } from './errors.ts'

type Part = keyof SevSnpTcb

/** Which byte of a TCB version is which part's; the others are reserved. AMD SEV-SNP ABI 56860, table TCB_VERSION. */
const layouts: Readonly<Record<SevSnpProduct, Partial<Readonly<Record<Part, number>>>>> = {
  Milan: { bootloader: 0, tee: 1, snp: 6, microcode: 7 },
  Genoa: { bootloader: 0, tee: 1, snp: 6, microcode: 7 },
  Turin: { fmc: 0, bootloader: 1, tee: 2, snp: 3, microcode: 7 },
}

/** In the order of their bytes in a packed number. */
export const tcbParts = ['bootloader', 'tee', 'snp', 'microcode', 'fmc'] as const satisfies readonly Part[]

/**
 * Reads a TCB version, 8 bytes, by the layout of its product.
 * @throws sevsnp/bad-report where a reserved byte is not zero
 */
export function parseTcb(bytes: Uint8Array, product: SevSnpProduct): SevSnpTcb {
  const layout = layouts[product]
  const used: readonly number[] = Object.values(layout)
  if (bytes.some((b, i) => b !== 0 && !used.includes(i)))
    throw fail('bad-report', { actual: toHex(bytes), meta: { field: `TCB_VERSION of ${product}` } })
  const part = (name: Part): number => {
    const at = layout[name]
    return at === undefined ? 0 : (bytes[at] ?? 0)
  }
  return {
    fmc: part('fmc'),
    bootloader: part('bootloader'),
    tee: part('tee'),
    snp: part('snp'),
    microcode: part('microcode'),
  }
}

/** One number with a byte each: bootloader, tee, snp, microcode, fmc, from the lowest. Compare byte by byte, never whole. */
export const packTcb = (tcb: SevSnpTcb): number => tcbParts.reduce((sum, part, i) => sum + tcb[part] * 256 ** i, 0)

/** As people write it: `bl 4 tee 0 snp 24 ucode 219`. */
export const tcbWords = ({ fmc, bootloader, tee, snp, microcode }: SevSnpTcb): string =>
  `fmc ${fmc} bootloader ${bootloader} tee ${tee} snp ${snp} microcode ${microcode}`

/** Whether every part of `tcb` is at least that of `minimum`. */
export const isTcbAtLeast = (tcb: SevSnpTcb, minimum: SevSnpTcb): boolean =>
  tcbParts.every((part) => tcb[part] >= minimum[part])
