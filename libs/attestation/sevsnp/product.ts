import { type SevSnpProduct, sevSnpProducts } from './claims.ts'
import { fail } from './errors.ts'

/**
 * The product of a processor by its CPUID family and model, extended parts added in. Siena and Bergamo are Genoa to AMD's
 * key service, dense Turin is Turin.
 * @throws sevsnp/unknown-product
 */
export function productOfCpuid({ family, model }: { readonly family: number; readonly model: number }): SevSnpProduct {
  if (family === 0x19 && model <= 0x0f) return 'Milan'
  if (family === 0x19 && (model <= 0x1f || (model >= 0xa0 && model <= 0xaf))) return 'Genoa'
  if (family === 0x1a && model <= 0x1f) return 'Turin'
  throw fail('unknown-product', { actual: `family ${family}, model ${model}` })
}

/** The product in a VEK's productName, which may have a stepping behind it, `Milan-B0`; null where it names none. */
export const productOfName = (name: string): SevSnpProduct | null =>
  sevSnpProducts.find((product) => name === product || new RegExp(`^${product}-[A-Z][0-9]$`).test(name)) ?? null
