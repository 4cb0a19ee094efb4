import { utf8 } from '@allod/protocol'
import { issueCertificate } from '../testing/issue.ts'
import { newDevice } from '../testing/nvidiaIssuer.ts'
import {
  NOW,
  DAY,
  authorities,
  strangers,
  root,
  gpu,
  blackwell,
  chainOf,
  pem,
  leaf,
  device,
  ica,
  idCa,
  rootDer,
  withLeaf,
  leafFacts,
  composite,
  active,
  rim,
  ocspOf,
  rimLeaf,
  rimL3,
  everything,
  add,
  strict,
  brings,
  asSwitch,
} from './nvidiaWorld.ts'

/** Adds chains that are wrong. */
export async function addChains(): Promise<void> {
  add('nvidia/bad-chain', 'a root alone', brings(pem(rootDer)))
  add('nvidia/bad-chain', 'no root', brings(pem(leaf, device, ica, idCa)))
  add('nvidia/bad-chain', 'no leaf', brings(pem(device, ica, idCa, rootDer)))
  add('nvidia/bad-chain', 'an authority missing', brings(pem(leaf, device, idCa, rootDer)))
  add('nvidia/bad-chain', 'an authority twice', brings(pem(leaf, device, ica, ica, idCa, rootDer)))
  add('nvidia/bad-chain', 'a root that is not pinned', brings((await newDevice(strangers)).pem))
  add('nvidia/bad-chain', 'the pinned root’s key, certified anew', brings(
    pem(leaf, device, ica, idCa, (await issueCertificate({ subject: root.subject, key: root.key, isCa: true, serial: 9 })).der),
  ))
  add('nvidia/bad-chain', 'a leaf that is an authority', brings(await withLeaf({ ...leafFacts, isCa: true, extensions: composite })))
  add('nvidia/bad-chain', 'a leaf that may not sign', brings(
    await withLeaf({ ...leafFacts, keyUsage: ['keyAgreement'], extensions: composite }),
  ))
  add('nvidia/bad-chain', 'a leaf that says nothing of its use', brings(
    await withLeaf({ ...leafFacts, keyUsage: null, extensions: composite }),
  ))
  add('x509/name-chain', 'authorities the other way round', brings(pem(leaf, ica, device, idCa, rootDer)))
  add('x509/root-untrusted', 'a chain of strangers under the pinned root', brings(
    pem(...chainOf(await newDevice(strangers)).slice(0, 2), ica, ica, rootDer),
  ))
  const forged = await newDevice({ ...strangers, root })
  add('x509/bad-signature', 'authorities by a root of the same name', brings(
    pem(forged.leaf.der, forged.device.der, strangers.provisioner.der, strangers.identity.der, rootDer),
  ))
  add('x509/bad-signature', 'a leaf by another device', brings(
    pem((await newDevice(authorities)).leaf.der, device, ica, idCa, rootDer),
  ))
  add('x509/expired', 'an expired leaf', brings(await withLeaf({ ...leafFacts, notAfter: NOW - 1, extensions: composite })))
  add('x509/not-yet-valid', 'a leaf from the future', brings(
    await withLeaf({ ...leafFacts, notBefore: NOW + 1, extensions: composite }),
  ))
  add('x509/bad-pem', 'a chain that is cut', brings(gpu.pem.slice(0, 2_000)))
  add('nvidia/wrong-device', 'a switch presented as a GPU', brings('switch chain'))
  add('nvidia/wrong-device', 'a GPU presented as a switch', { ...asSwitch, endorsements: ['gpu chain'] })
  add('nvidia/wrong-device', 'a device of no known name', brings(
    (await newDevice(authorities, { name: 'BF300 A01 FMC LF' })).pem,
  ))

}

/** Adds what nobody asked for, or comes twice. */
export async function addBrought(): Promise<void> {
  add('nvidia/bad-endorsement', 'nothing brought along', brings())
  add('nvidia/bad-endorsement', 'no chain', brings('driver'))
  add('nvidia/bad-endorsement', 'two chains', brings('gpu chain', 'switch chain'))
  add('nvidia/bad-endorsement', 'bytes of no known form', brings('gpu chain', utf8('{"rim":""}')))
  add('nvidia/bad-endorsement', 'a certificate by itself', brings('gpu chain', rootDer))
  add('nvidia/bad-endorsement', 'thirty-three of them', brings(...Array.from({ length: 33 }, () => 'gpu chain')))
  add('nvidia/bad-endorsement', 'two manifests of one driver', brings('gpu chain', 'driver', await rim({ measurements: active(20) })))
  add('nvidia/bad-endorsement', 'an OCSP response about somebody else', brings(
    'gpu chain',
    await ocspOf({ certificate: blackwell.leaf, issuer: blackwell.device }),
  ))
  add('nvidia/bad-endorsement', 'two OCSP responses about one', brings(
    'gpu chain',
    'ocsp device',
    await ocspOf({ thisUpdate: NOW - 2 * DAY }),
  ))

}

/** Adds what responders say. */
export async function addRevocation(): Promise<void> {
  const revoked = (reason: number) => ocspOf({ status: { at: NOW - DAY, reason } })
  add('x509/revoked', 'a revoked device', brings('gpu chain', await revoked(1)))
  add('x509/revoked', 'a revoked attestation key', brings(
    'gpu chain',
    await ocspOf({ certificate: gpu.leaf, issuer: gpu.device, status: { at: NOW - DAY, reason: 1 } }),
  ))
  add('x509/revoked', 'a revoked signer of a manifest', brings(
    'gpu chain',
    'driver',
    await ocspOf({ certificate: rimLeaf, issuer: rimL3, status: { at: NOW - DAY, reason: 1 } }),
  ))
  add('x509/ocsp-expired', 'an OCSP response of last week', brings(
    'gpu chain',
    await ocspOf({ thisUpdate: NOW - 9 * DAY, nextUpdate: NOW - 7 * DAY }),
  ))
  add('x509/ocsp-unknown', 'a device nobody knows', brings('gpu chain', await ocspOf({ status: 'unknown' })))
  add('x509/ocsp-wrong-responder', 'an OCSP response by a stranger', brings(
    'gpu chain',
    await ocspOf({ responder: strangers.identity }),
  ))
  const hold = [...everything.filter((name) => name !== 'ocsp device'), await revoked(6)]
  add('attestation/certificate-on-hold', 'a device on hold', { ...brings(...hold), ...strict })
  add('accepted', 'a device on hold, where the policy allows it', { ...brings(...hold), policy: { nvidia: { onHold: 'allowed' } } })

}
