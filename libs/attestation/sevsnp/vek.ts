import { isAllodError } from '@allod/protocol'
import type { Certificate } from '../x509/certificate.ts'
import { DER, readDer } from '../x509/der.ts'
import { derOctets, derSmallInteger, derString, derTagged } from '../x509/derValues.ts'
import type { SevSnpProduct, SevSnpTcb } from './claims.ts'
import { fail } from './errors.ts'
import { productOfName } from './product.ts'

const AMD = '1.3.6.1.4.1.3704.1'

/** What AMD's extensions of a VCEK or VLEK say; "VCEK Certificate and KDS Interface" 57230, table of extensions. */
export type VekClaims = {
  readonly product: SevSnpProduct
  readonly tcb: SevSnpTcb
  /** The chip a VCEK was issued to: 64 bytes, on Turin 8. */
  readonly hwId: Uint8Array | null
  /** The cloud a VLEK was issued to. */
  readonly cspId: string | null
}

/**
 * Reads AMD's extensions of the certificate that signs reports. Every one that its sort has must be there, and none of the
 * other sort's.
 * @throws sevsnp/bad-vek
 */
export function vekClaims(certificate: Certificate, sort: 'vcek' | 'vlek'): VekClaims {
  const read = <T>(name: string, of: (value: Uint8Array) => T): T => {
    const extension = certificate.extensions.get(`${AMD}.${name}`)
    if (extension === undefined) throw fail('bad-vek', { expected: `extension ${AMD}.${name}`, actual: 'none' })
    try {
      return of(extension.value)
    } catch (cause) {
      if (!isAllodError(cause)) throw cause
      throw fail('bad-vek', { expected: `a value of ${AMD}.${name}`, actual: cause.message, cause })
    }
  }
  const has = (name: string): boolean => certificate.extensions.has(`${AMD}.${name}`)
  // Version 1 came with Turin and its FMC.
  if (read('1', version) > 1) throw fail('bad-vek', { expected: 'structVersion 0 or 1', actual: 'a later one' })
  const productName = read('2', ia5)
  const product = productOfName(productName)
  if (product === null) throw fail('bad-vek', { expected: 'Milan, Genoa or Turin', actual: productName })
  // The sort's own extension, and not the other's; security versions of parts that the product lacks would compare nothing.
  const [own, others] = sort === 'vcek' ? ['4', '5'] : ['5', '4']
  if (has(others) || has('3.9') !== (product === 'Turin'))
    throw fail('bad-vek', { expected: `extensions of a ${sort} of ${product}`, actual: 'others' })
  for (const reserved of ['3.4', '3.5', '3.6', '3.7'])
    if (has(reserved) && read(reserved, version) !== 0) throw fail('bad-vek', { expected: 0, actual: reserved })
  return {
    product,
    tcb: {
      fmc: product === 'Turin' ? read('3.9', version) : 0,
      bootloader: read('3.1', version),
      tee: read('3.2', version),
      snp: read('3.3', version),
      microcode: read('3.8', version),
    },
    hwId: sort === 'vcek' ? read(own, (value) => hwIdOf(value, product)) : null,
    cspId: sort === 'vlek' ? read(own, ia5) : null,
  }
}

const ia5 = (value: Uint8Array): string => derString(derTagged(readDer(value), DER.ia5))

function version(value: Uint8Array): number {
  const number = derSmallInteger(readDer(value))
  if (number > 255) throw fail('bad-vek', { expected: '0..255', actual: number })
  return number
}

// Raw bytes; some issues wrap them in an OCTET STRING of their own.
function hwIdOf(value: Uint8Array, product: SevSnpProduct): Uint8Array {
  const size = product === 'Turin' ? 8 : 64
  const id = value.length === size + 2 ? derOctets(readDer(value)) : value
  if (id.length !== size) throw fail('bad-vek', { expected: `${size} bytes`, actual: id.length })
  return id
}
