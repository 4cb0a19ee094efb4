import { concat, utf8 } from '@allod/protocol'
import { newTestKey } from '../testing/testKey.ts'
import { FWID, fwidExtensions, newDevice, opaqueField, signEvidence, switchFields } from '../testing/nvidiaIssuer.ts'
import {
  authorities,
  gpu,
  withLeaf,
  leafFacts,
  composite,
  fieldsWith,
  zero,
  evidence,
  gpuOpaque,
  at,
  patched,
  withFields,
  ofSwitch,
  type Case,
  add,
  brings,
  says,
  asSwitch,
} from './nvidiaWorld.ts'

/** Adds evidence whose lengths or blocks are wrong. */
export async function addLayouts(): Promise<void> {
  add('nvidia/bad-evidence', 'nothing', says(new Uint8Array()))
  add('nvidia/bad-evidence', 'a byte short', says(evidence.slice(0, -1)))
  add('nvidia/bad-evidence', 'cut in the opaque data', says(evidence.slice(0, 3_620)))
  add('nvidia/bad-evidence', 'cut in the record', says(evidence.slice(0, 2_000)))
  add('nvidia/bad-evidence', 'SPDM 1.2', says(await patched(0, 0x12)))
  add('nvidia/bad-evidence', 'another request', says(await patched(1, 0xe1)))
  add('nvidia/bad-evidence', 'a request for no signature', says(await patched(2, 0)))
  add('nvidia/bad-evidence', 'a request for one block', says(await patched(3, 1)))
  add('nvidia/bad-evidence', 'another certificate slot', says(await patched(36, 1)))
  add('nvidia/bad-evidence', 'an error for a response', says(await patched(38, 0x7f)))
  add('nvidia/bad-evidence', 'a response with parameters', says(await patched(40, 1)))
  add('nvidia/bad-evidence', 'too much opaque data', says(await signEvidence(gpu, { opaque: new Uint8Array(1_025) })))
  add('nvidia/trailing-bytes', 'a byte over', says(concat(evidence, Uint8Array.of(0))))
  add('nvidia/bad-measurements', 'no block', says(await signEvidence(gpu, { blocks: 0 })))
  add('nvidia/bad-measurements', 'a record longer than its blocks', says(await patched(42, 0xc1)))
  add('nvidia/bad-measurements', 'one index twice', says(await patched(45 + 55, 1)))
  add('nvidia/bad-measurements', 'an index missing', says(await patched(45, 65)))
  add('nvidia/bad-measurements', 'another specification', says(await patched(46, 2)))
  add('nvidia/bad-measurements', 'a block of another size', says(await patched(47, 50)))
  add('nvidia/bad-measurements', 'a raw value', says(await patched(49, 0x81)))
  add('nvidia/bad-measurements', 'a value of another size', says(await patched(50, 47)))

}

/** Adds opaque data that is wrong. */
export async function addOpaque(): Promise<void> {
  const opaque = async (bytes: Uint8Array): Promise<Case> => says(await signEvidence(gpu, { opaque: bytes }))
  add('nvidia/bad-opaque', 'half a field', await opaque(concat(gpuOpaque, Uint8Array.of(99, 0, 1))))
  add('nvidia/bad-opaque', 'a field past the end', await opaque(concat(gpuOpaque, Uint8Array.of(99, 0, 1, 0))))
  add('nvidia/bad-opaque', 'a field twice', await opaque(concat(gpuOpaque, opaqueField(3, zero('999.99')))))
  add('nvidia/bad-opaque', 'a later version', says(await withFields([34, Uint8Array.of(2, 0)])))
  add('nvidia/bad-opaque', 'no VBIOS version', says(await withFields([6, null])))
  add('nvidia/bad-opaque', 'no driver version', says(await withFields([3, null])))
  add('nvidia/bad-opaque', 'a driver version without its end', says(await withFields([3, utf8('580.95.05')])))
  add('nvidia/bad-opaque', 'a driver version in words', says(await withFields([3, zero('latest')])))
  add('nvidia/bad-opaque', 'a driver version of four parts', says(await withFields([3, zero('580.95.05.1')])))
  add('nvidia/bad-opaque', 'a VBIOS version of 7 bytes', says(await withFields([6, new Uint8Array(7)])))
  add('nvidia/bad-opaque', 'a VBIOS version with more', says(await withFields([6, new Uint8Array(8).fill(1)])))
  add('nvidia/bad-opaque', 'a firmware id of 47 bytes', says(await withFields([20, new Uint8Array(47)])))
  add('nvidia/bad-opaque', 'a state of two bytes', says(await withFields([11, new Uint8Array(2)])))
  add('nvidia/bad-opaque', 'a chip of no name', says(await withFields([35, new Uint8Array(4)])))
  add('nvidia/bad-opaque', 'a board without a project', says(await withFields([17, null])))
  add('nvidia/bad-opaque', 'a switch with a GPU’s VBIOS', {
    ...asSwitch,
    evidence: await ofSwitch(fieldsWith([[6, new Uint8Array(8)]], switchFields)),
  })

}

/** Adds firmware ids and signatures that are wrong. */
export async function addSignatures(): Promise<void> {
  add('nvidia/fwid-mismatch', 'another firmware', says(await withFields([20, new Uint8Array(48).fill(1)])))
  add('nvidia/fwid-mismatch', 'no firmware id, on a driver whose GPUs report it', says(await withFields([20, null])))
  add('nvidia/fwid-mismatch', 'a firmware id that the certificate does not state', brings(await withLeaf(leafFacts)))
  add('nvidia/fwid-mismatch', 'a certificate that states two', brings(
    await withLeaf({ ...leafFacts, extensions: [...composite, ...fwidExtensions('tcbInfo', gpu.leaf.key, FWID)] }),
  ))
  add('nvidia/fwid-mismatch', 'a firmware id of another hash', brings(
    await withLeaf({ ...leafFacts, extensions: fwidExtensions('composite', gpu.leaf.key, new Uint8Array(32)) }),
  ))
  add('nvidia/bad-signature', 'another nonce', says(at(10, 0xff)(evidence)))
  add('nvidia/bad-signature', 'another measurement', says(at(60, 0xff)(evidence)))
  add('nvidia/bad-signature', 'another responder’s nonce', says(at(45 + 64 * 55, 0xff)(evidence)))
  add('nvidia/bad-signature', 'a signature of zeros', says(concat(evidence.slice(0, -96), new Uint8Array(96))))
  add('nvidia/bad-signature', 'signed by another key', says(await signEvidence(gpu, { key: await newTestKey('P-384') })))
  add('nvidia/bad-signature', 'a key on another curve', brings(
    await withLeaf({ ...leafFacts, key: await newTestKey('P-256'), extensions: composite }),
  ))
  add('nvidia/bad-signature', 'the chain of another GPU', brings((await newDevice(authorities)).pem))

}
