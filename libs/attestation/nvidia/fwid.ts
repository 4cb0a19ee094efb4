import { type Hex, toHex } from '@allod/protocol'
import type { Certificate } from '../x509/certificate.ts'
import { DER, type DerNode, readDer } from '../x509/der.ts'
import { derOctets, derOid, derSequence, derTagged } from '../x509/derValues.ts'
import { fail } from './errors.ts'

/** Hopper: TCG DICE CompositeDeviceID, SEQUENCE of version, device key, FWID. */
export const COMPOSITE_DEVICE_ID = '2.23.133.5.4.1'
/** Blackwell: DiceTcbInfo (TCG DICE Attestation Architecture 1.1, 6.1.1), whose field [6] lists FWIDs. */
export const DICE_TCB_INFO = '2.23.133.5.4.1.1'

const SHA384 = '2.16.840.1.101.3.4.2.2'

/**
 * The firmware id that the attestation key was certified for: the key exists only under that firmware. Null where the
 * certificate states none.
 * @throws nvidia/fwid-mismatch, x509/bad-der
 */
export function certifiedFwid({ extensions }: Certificate): Hex | null {
  const composite = extensions.get(COMPOSITE_DEVICE_ID)
  const tcbInfo = extensions.get(DICE_TCB_INFO)
  if (composite !== undefined && tcbInfo !== undefined)
    throw fail('fwid-mismatch', { expected: 'one statement of the firmware id', actual: 'two' })
  if (composite !== undefined) return fwidOf(derSequence(readDer(composite.value), 3, 3)[2])
  if (tcbInfo === undefined) return null
  // The first is the firmware that holds the key; further ones are of what it loaded.
  return fwidOf(fwidsOf(readDer(tcbInfo.value))[0])
}

const fwidsOf = (tcbInfo: DerNode): readonly DerNode[] =>
  derSequence(tcbInfo).find(({ tag }) => tag === 0xa6)?.children ?? []

function fwidOf(node: DerNode | undefined): Hex {
  const [algorithm, digest] = derSequence(node, 2, 2)
  const value = derOctets(derTagged(digest, DER.octets))
  if (derOid(algorithm) !== SHA384 || value.length !== 48)
    throw fail('fwid-mismatch', { expected: 'a SHA-384 firmware id', actual: value.length })
  return toHex(value)
}
